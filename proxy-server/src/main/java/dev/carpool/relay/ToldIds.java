package dev.carpool.relay;

import java.util.Set;

/**
 * Process ids that clients were told, by what is done with the sessions.
 *
 * @param signalled those of sessions that are signalled, which may be looked at as well
 * @param seen those of others, which are only looked at
 */
public record ToldIds(Set<Integer> signalled, Set<Integer> seen) {}
