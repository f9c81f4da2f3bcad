package dev.carpool.auth;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads one line of {@code auth_hba_file}. Complaints go to the collector; all of them name file and line. */
final class HbaLine {
    /** Files that name files that name files …: more than this is a circle. */
    private static final int DEEPEST = 10;

    private final Path file;
    private final int number;
    private final int depth;
    private final AuthFileProblems.Collector problems;

    HbaLine(Path file, int number, AuthFileProblems.Collector problems) {
        this(file, number, 0, problems);
    }

    private HbaLine(Path file, int number, int depth, AuthFileProblems.Collector problems) {
        this.file = file;
        this.number = number;
        this.depth = depth;
        this.problems = problems;
    }

    /** Null for a line without a rule, or with a problem. */
    @Nullable
    HbaRule parse(String text) {
        try {
            Tokens tokens = new Tokens(text);
            return tokens.isAtEnd() ? null : rule(tokens);
        } catch (BadLine e) {
            complain(e.problem());
            return null;
        }
    }

    private void complain(String message) {
        problems.add(file.toString(), number, message);
    }

    private HbaRule rule(Tokens tokens) throws BadLine {
        HbaRule.Type type = type(tokens.next("a connection type"));
        NamesBuilder databases = new NamesBuilder(true);
        names(tokens, "a database", databases);
        NamesBuilder users = new NamesBuilder(false);
        names(tokens, "a user", users);
        Network network = type == HbaRule.Type.LOCAL ? null : network(tokens);
        HbaMethod method = method(tokens.next("an authentication method"), type);
        if (!tokens.isAtEnd()) {
            throw new BadLine("option \"" + tokens.next("").text + "\" is not supported");
        }
        return new HbaRule(type, databases.build(), users.build(), network, method, number);
    }

    private static HbaRule.Type type(Token token) throws BadLine {
        for (HbaRule.Type type : HbaRule.Type.values()) {
            if (token.is(type.name().toLowerCase(Locale.ROOT))) {
                return type;
            }
        }
        throw new BadLine("unknown connection type \"" + token.text + "\"; use local, host, hostssl or hostnossl");
    }

    private static @Nullable Network network(Tokens tokens) throws BadLine {
        Token address = tokens.next("an address");
        if (address.is("all")) {
            return null;
        }
        if (address.text.indexOf('/') >= 0) {
            return Network.ofCidr(address.text)
                    .orElseThrow(() -> new BadLine("\"" + address.text + "\" is no address with mask length"));
        }
        if (Network.addressOf(address.text).isEmpty()) {
            throw new BadLine("address \"" + address.text
                    + "\" is not supported; use all, or an IPv4 or IPv6 address with mask length");
        }
        Token mask = tokens.next("a mask behind address " + address.text);
        return Network.of(address.text, mask.text)
                .orElseThrow(() -> new BadLine("\"" + mask.text + "\" is no mask for address " + address.text));
    }

    private static HbaMethod method(Token token, HbaRule.Type type) throws BadLine {
        Optional<HbaMethod> found = HbaMethod.of(token.text);
        if (found.isEmpty()) {
            throw new BadLine("authentication method \"" + token.text + "\" is not supported; use trust, reject, md5,"
                    + " password, peer, cert, scram-sha-256 or passthrough");
        }
        HbaMethod method = found.get();
        boolean local = type == HbaRule.Type.LOCAL;
        if (method == HbaMethod.PEER && !local) {
            throw new BadLine("method peer works for local connections only");
        }
        if (method == HbaMethod.CERT && (local || type == HbaRule.Type.HOSTNOSSL)) {
            throw new BadLine("method cert works for TLS connections only; use it with hostssl");
        }
        return method;
    }

    private void names(Tokens tokens, String what, NamesBuilder into) throws BadLine {
        do {
            name(tokens.next(what), into);
        } while (tokens.skipComma());
    }

    private void name(Token token, NamesBuilder into) throws BadLine {
        if (!into.keyword(token)) {
            if (!token.quoted && token.text.startsWith("@")) {
                include(token.text.substring(1), into);
            } else {
                into.names.add(AuthFiles.utf8(token.text));
            }
        }
    }

    private void include(String name, NamesBuilder into) throws BadLine {
        if (depth >= DEEPEST) {
            throw new BadLine("files include each other more than " + DEEPEST + " deep");
        }
        Path included;
        try {
            included = file.resolveSibling(AuthFiles.utf8(name));
        } catch (InvalidPathException e) {
            throw new BadLine("\"" + name + "\" is no file name");
        }
        List<String> lines = AuthFiles.lines(included, problems).orElse(List.of());
        for (int i = 0; i < lines.size(); i++) {
            new HbaLine(included, i + 1, depth + 1, problems).namesOfFile(lines.get(i), into);
        }
    }

    private void namesOfFile(String text, NamesBuilder into) {
        try {
            Tokens tokens = new Tokens(text);
            while (!tokens.isAtEnd()) {
                name(tokens.next("a name"), into);
                tokens.skipComma();
            }
        } catch (BadLine e) {
            complain(e.problem());
        }
    }

    private static final class NamesBuilder {
        private static final Set<String> UNSUPPORTED = Set.of("samerole", "samegroup");

        private final boolean databases;
        private boolean all;
        private boolean sameUser;
        private boolean replication;
        private final Set<String> names = new HashSet<>();

        NamesBuilder(boolean databases) {
            this.databases = databases;
        }

        /** Whether this was a word with a meaning; in quotes no word has one. */
        boolean keyword(Token token) throws BadLine {
            if (token.is("all")) {
                all = true;
                return true;
            }
            if (databases && token.is("sameuser")) {
                sameUser = true;
                return true;
            }
            if (databases && token.is("replication")) {
                replication = true;
                return true;
            }
            boolean group = !databases && !token.quoted && token.text.startsWith("+");
            boolean pattern = !token.quoted && token.text.startsWith("/");
            if (group || pattern || (databases && !token.quoted && UNSUPPORTED.contains(token.text))) {
                throw new BadLine("\"" + token.text + "\" is not supported: the proxy knows no role memberships"
                        + " and takes no patterns");
            }
            return false;
        }

        HbaRule.Names build() {
            return new HbaRule.Names(all, sameUser, replication, Set.copyOf(names));
        }
    }

    private record Token(String text, boolean quoted) {
        boolean is(String word) {
            return !quoted && text.equals(word);
        }
    }

    /** Words, strings in double quotes, and commas. */
    private static final class Tokens {
        private static final Token COMMA = new Token(",", false);

        private final List<Token> tokens = new ArrayList<>();
        private int position;

        Tokens(String line) throws BadLine {
            int at = 0;
            while (at < line.length() && line.charAt(at) != '#') {
                char c = line.charAt(at);
                if (c == ',') {
                    tokens.add(COMMA);
                    at++;
                } else if (c == '"') {
                    at = quoted(line, at + 1);
                } else if (Character.isWhitespace(c)) {
                    at++;
                } else {
                    at = word(line, at);
                }
            }
        }

        private int word(String line, int from) {
            int end = from;
            while (end < line.length()
                    && ",#\"".indexOf(line.charAt(end)) < 0
                    && !Character.isWhitespace(line.charAt(end))) {
                end++;
            }
            tokens.add(new Token(line.substring(from, end), false));
            return end;
        }

        private int quoted(String line, int from) throws BadLine {
            StringBuilder text = new StringBuilder();
            for (int at = from; at < line.length(); at++) {
                char c = line.charAt(at);
                if (c == '"') {
                    if (at + 1 >= line.length() || line.charAt(at + 1) != '"') {
                        tokens.add(new Token(text.toString(), true));
                        return at + 1;
                    }
                    at++;
                }
                text.append(c);
            }
            throw new BadLine("a closing quote is missing");
        }

        boolean isAtEnd() {
            return position >= tokens.size();
        }

        Token next(String expected) throws BadLine {
            if (isAtEnd() || tokens.get(position).equals(COMMA)) {
                throw new BadLine("expected " + expected);
            }
            return tokens.get(position++);
        }

        boolean skipComma() {
            if (isAtEnd() || !tokens.get(position).equals(COMMA)) {
                return false;
            }
            position++;
            return true;
        }
    }
}
