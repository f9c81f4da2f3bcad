/** JMH benchmarks of the parts that every query passes. */
@NullMarked
package dev.carpool.benchmarks;

import org.jspecify.annotations.NullMarked;
