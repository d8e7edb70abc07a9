package io.flywheel.peer;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/** One block cache and one budget of memtables for all stores; the README gives the reasons. */
public final class RocksSettings implements RocksDBConfigSetter {
  private static final long BLOCK_CACHE = 128L << 20;
  private static final long MEMTABLES = 128L << 20;
  private static final Cache CACHE = new LRUCache(BLOCK_CACHE, -1, false, 0.1);
  private static final WriteBufferManager BUDGET = new WriteBufferManager(MEMTABLES, CACHE);
  private static final BloomFilter BLOOM = new BloomFilter(10, false);

  @Override
  public void setConfig(String store, Options options, Map<String, Object> configs) {
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(CACHE);
    table.setCacheIndexAndFilterBlocks(true);
    table.setCacheIndexAndFilterBlocksWithHighPriority(true);
    table.setPinTopLevelIndexAndFilter(true);
    table.setFilterPolicy(BLOOM);
    table.setBlockSize(8 << 10);
    options.setTableFormatConfig(table);
    options.setWriteBufferManager(BUDGET);
    options.setWriteBufferSize(32 << 20);
    options.setMaxWriteBufferNumber(3);
    options.setCompressionType(CompressionType.LZ4_COMPRESSION);
    options.setMaxBackgroundJobs(2);
  }

  @Override
  public void close(String store, Options options) {
    // The cache, the budget and the filter are all stores'.
  }
}
