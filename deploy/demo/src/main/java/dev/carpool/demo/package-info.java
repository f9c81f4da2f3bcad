/** An embedded PostgreSQL for tests, and the demo that puts Carpool in front of one. */
@NullMarked
package dev.carpool.demo;

import org.jspecify.annotations.NullMarked;
