package dev.carpool.pool;

/** One server host's accounts at a moment; {@code cap} 0 is unlimited. */
public record HostSnapshot(int cap, int open, int idle, int inUse, int waiting) {}
