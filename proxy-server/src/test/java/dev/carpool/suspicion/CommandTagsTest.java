package dev.carpool.suspicion;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

final class CommandTagsTest {
    @Test
    void tellsReasonsOfTags() {
        Map<String, String> tags = Map.ofEntries(
                Map.entry("SET", "set"),
                Map.entry("SET CONSTRAINTS", ""),
                Map.entry("RESET", "set,went_back"),
                Map.entry("DISCARD ALL", "set,discard,deallocated_all,went_back,sequences_discarded"),
                Map.entry("DISCARD SEQUENCES", "set,discard,sequences_discarded"),
                Map.entry("DISCARD TEMP", "set,discard"),
                Map.entry("PREPARE", "sql_prepare"),
                Map.entry("DEALLOCATE", "sql_prepare"),
                Map.entry("DEALLOCATE ALL", "sql_prepare,deallocated_all"),
                Map.entry("PREPARE TRANSACTION", "transaction,two_phase,committed"),
                Map.entry("COMMIT PREPARED", "two_phase"),
                Map.entry("ROLLBACK PREPARED", "two_phase"),
                Map.entry("LISTEN", "listen"),
                Map.entry("UNLISTEN", "listen"),
                Map.entry("NOTIFY", "notify"),
                Map.entry("DECLARE CURSOR", "cursor"),
                Map.entry("LOAD", "load"),
                Map.entry("LOCK TABLE", ""),
                Map.entry("DO", "do_or_call"),
                Map.entry("CALL", "do_or_call"),
                Map.entry("BEGIN", "transaction"),
                Map.entry("START TRANSACTION", "transaction"),
                Map.entry("COMMIT", "transaction,committed"),
                Map.entry("ROLLBACK", "transaction,rolled_back"),
                Map.entry("SAVEPOINT", "transaction,savepoint"),
                Map.entry("RELEASE", "transaction"),
                Map.entry("SELECT 1", ""),
                Map.entry("INSERT 0 1", ""),
                Map.entry("UPDATE 3", ""),
                Map.entry("DELETE 3", ""),
                Map.entry("DROP TABLE", "dropped"),
                Map.entry("CLOSE CURSOR", "dropped"),
                Map.entry("CLOSE CURSOR ALL", "dropped"),
                Map.entry("DOMAIN", ""),
                Map.entry("CREATE TABLE", "inserts,defines"),
                Map.entry("ALTER TABLE", "defines"),
                Map.entry("CREATE INDEX", ""),
                Map.entry("CREATE VIEW", "defines"),
                Map.entry("CREATE ROLE", "others"),
                Map.entry("ALTER ROLE", "others"),
                Map.entry("DROP ROLE", "dropped,others"),
                Map.entry("CREATE DATABASE", "others"),
                Map.entry("ALTER DATABASE", "others"),
                Map.entry("DROP DATABASE", "dropped,others"),
                Map.entry("COPY 5", ""),
                Map.entry("FETCH 5", ""),
                Map.entry("S", ""),
                Map.entry("", ""));
        tags.forEach((tag, reasons) -> {
            ByteBuf buffer = buffer(tag);
            assertEquals(reasons, Suspicion.names(CommandTags.suspicion(buffer, 2, tag.length())), tag);
            boolean drops = tag.equals("DISCARD ALL") || tag.equals("DEALLOCATE ALL");
            assertEquals(drops, CommandTags.endsAllStatements(buffer, 2, tag.length()), tag);
        });
    }

    /** With other bytes around, so that reading too far is noticed. */
    private static ByteBuf buffer(String tag) {
        return Unpooled.copiedBuffer("xx" + tag + "ALL", StandardCharsets.US_ASCII);
    }
}
