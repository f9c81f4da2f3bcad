package dev.carpool.admin;

import dev.carpool.config.SettingValue;
import java.util.List;
import java.util.Locale;

/** {@code SET key = value} or {@code SET key TO value}: changes a setting until the next start. */
final class Change implements AdminCommand {
    @Override
    public void run(CommandRun run) {
        List<Token> tokens = run.arguments();
        int from = tokens.size() > 1
                        && (tokens.get(1).isSymbol("=") || tokens.get(1).isWord("TO"))
                ? 2
                : 1;
        if (tokens.size() <= from || from == 1) {
            run.fail("SET failed: write SET key = value");
            return;
        }
        String key = tokens.get(0).text().toLowerCase(Locale.ROOT);
        StringBuilder value = new StringBuilder();
        tokens.subList(from, tokens.size()).forEach(token -> value.append(token.text()));
        run.elsewhere(() -> {
            List<String> problems = run.proxy().change(key, value.toString());
            String shown = shown(run, key);
            return () -> {
                if (problems.isEmpty()) {
                    run.done("SET " + key + "=" + shown);
                } else {
                    run.fail("SET failed: " + String.join("; ", problems));
                }
            };
        });
    }

    /** The value in force; masked when it is a secret. */
    private static String shown(CommandRun run, String key) {
        return SettingValue.of(run.proxy().config()).stream()
                .filter(setting -> setting.key().equals(key))
                .map(SettingValue::value)
                .findFirst()
                .orElse("***");
    }
}
