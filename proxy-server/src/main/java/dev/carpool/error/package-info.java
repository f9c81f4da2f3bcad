/** What users can be told. */
@NullMarked
package dev.carpool.error;

import org.jspecify.annotations.NullMarked;
