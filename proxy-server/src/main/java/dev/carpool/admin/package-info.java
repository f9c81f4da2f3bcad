/** The SQL console for operators. */
@NullMarked
package dev.carpool.admin;

import org.jspecify.annotations.NullMarked;
