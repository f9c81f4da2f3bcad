/** Typed settings and their checks. */
@NullMarked
package dev.carpool.config;

import org.jspecify.annotations.NullMarked;
