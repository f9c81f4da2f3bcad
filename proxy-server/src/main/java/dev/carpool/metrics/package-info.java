/** Numbers for monitoring and the HTTP port that serves them. */
@NullMarked
package dev.carpool.metrics;

import org.jspecify.annotations.NullMarked;
