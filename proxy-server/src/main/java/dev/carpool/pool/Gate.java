package dev.carpool.pool;

/**
 * The caps in the order in which room is claimed from them. A pool that waits at one of them holds a
 * reservation at those before it; the fixed order is why two pools never wait for each other.
 */
enum Gate {
    USER,
    DATABASE,
    HOST
}
