package dev.carpool.config;

/** How Netty talks to the kernel. */
public enum Transport {
    /** The fastest one that works on this machine. */
    AUTO,
    IO_URING,
    EPOLL,
    NIO
}
