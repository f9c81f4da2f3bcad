package dev.carpool.admin;

/** What all conversations share. */
record ConsoleContext(ProxyControl proxy, StatsAverages averages) {}
