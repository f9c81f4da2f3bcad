package dev.carpool.server;

/** One connection to PostgreSQL. Confined to its channel's event loop. */
public final class ServerConnection {}
