/** Proving identity on both sides. */
@NullMarked
package dev.carpool.auth;

import org.jspecify.annotations.NullMarked;
