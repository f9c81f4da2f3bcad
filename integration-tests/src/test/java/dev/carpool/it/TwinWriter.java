package dev.carpool.it;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides what happens next, from a seed and from what the direct side has answered. It knows which clients may be bound
 * to their server connection, and lets no more of them be so than the pool has connections, less one.
 */
final class TwinWriter {
    /** What is known of one client. */
    private static final class Model {
        final String role;
        char status = 'I';
        final Set<TwinKind.Hold> holds = new HashSet<>();
        final boolean startsWithSettings;
        boolean listened;
        boolean isNew = true;

        /**
         * It reads currval and lastval, and has done so at once: the first such read of a session finds nothing when others
         * have used the server connection in between, or waits for them (docs/compatibility.md, "Sequences").
         */
        boolean readsSequences;

        /** Its transaction, or its batch, may have made the proxy send a query: to prepare a named statement is one. */
        boolean hasQueried;

        /** Its transaction has given channels up; PostgreSQL says nothing about that if the server process has never had any. */
        boolean hasUnlistened;

        Model(TwinStep.Connect step) {
            role = step.role();
            startsWithSettings = !step.parameters().isEmpty();
        }

        /**
         * Whether what goes back is restored only when the request has ended: statements behind it in the same text or batch
         * meet what the server connection began with.
         */
        boolean goesBackTooSoon(String sql) {
            return startsWithSettings && TwinEpisode.GOES_BACK.matcher(sql).find();
        }

        boolean isBound() {
            return status != 'I' || !holds.isEmpty();
        }
    }

    private static final int MOST_BOUND = TwinSide.POOL - 1;

    /** What may need statements that the server connection lacks. */
    private static final Pattern NEEDS_STATEMENTS = Pattern.compile("^call |execute|deallocate|pg_prepared");

    /** What means something else when it is prepared again with another search_path. */
    private static final Pattern HANGS_ON_PATH = Pattern.compile("^prepare .* t\\b");

    /** What PostgreSQL refuses behind a query. */
    private static final Pattern BEFORE_QUERIES =
            Pattern.compile("isolation level|set transaction|set transaction_isolation");

    private final Random random;
    private final TwinStatements statements;
    private final Map<TwinKind, Integer> weights = new EnumMap<>(TwinKind.class);
    private final Set<TwinKind> kinds;
    private final int clients;
    private final Map<Integer, Model> models = new TreeMap<>();

    TwinWriter(long seed, Set<TwinKind> kinds) {
        random = new Random(seed);
        statements = new TwinStatements(random);
        this.kinds = kinds;
        clients = 2 + random.nextInt(7);
        for (TwinKind kind : kinds) {
            // each run has its own taste
            int factor = random.nextInt(4);
            if (factor > 0) {
                weights.put(kind, kind.weight() * factor);
            }
        }
        weights.put(TwinKind.READ, 60);
        weights.put(TwinKind.TRANSACTION, 30);
    }

    TwinStep next() {
        int client = random.nextInt(clients);
        Model model = models.get(client);
        if (model == null) {
            return connect(client);
        }
        if (model.isNew) {
            model.isNew = false;
            if (weights.containsKey(TwinKind.SEQUENCE) && random.nextInt(4) == 0 && mayBind(model)) {
                model.readsSequences = true;
                model.holds.add(TwinKind.SEQUENCE.hold());
                return new TwinStep.Send(client, new TwinRequest().query("select lastval()"), true);
            }
        }
        int chance = random.nextInt(100);
        if (chance == 0) {
            return new TwinStep.Leave(client, random.nextInt(4) > 0);
        }
        if (chance == 2 && kinds.contains(TwinKind.LOSE) && model.status != 'I') {
            return new TwinStep.Lose(client);
        }
        if (chance == 1 && models.values().stream().noneMatch(each -> each.isBound() || each.listened)) {
            return new TwinStep.Kill(random.nextInt(8));
        }
        return new TwinStep.Send(client, request(client, model), random.nextInt(4) > 0);
    }

    /** Tells what has come of a step. */
    void done(TwinStep step, @Nullable TwinClient direct) {
        if (direct == null || direct.isClosed()) {
            models.remove(step.client());
        } else if (step instanceof TwinStep.Connect connect) {
            models.put(step.client(), new Model(connect));
        }
        Model model = models.get(step.client());
        if (model != null && direct != null) {
            model.status = direct.status();
            model.hasQueried &= model.status != 'I';
            model.hasUnlistened &= model.status != 'I';
        }
    }

    private TwinStep connect(int client) {
        String role = client == 1 && random.nextInt(2) == 0 ? TwinSide.SUPERUSER : TwinSide.ORDINARY;
        List<String> parameters = new ArrayList<>();
        if (!kinds.contains(TwinKind.STARTUP_VALUES)) {
            return new TwinStep.Connect(client, role, List.of());
        }
        if (random.nextInt(3) == 0) {
            parameters.addAll(List.of("application_name", "client " + client));
        }
        if (random.nextInt(5) == 0) {
            parameters.addAll(List.of("TimeZone", "Asia/Tokyo"));
        }
        if (random.nextInt(6) == 0) {
            parameters.addAll(List.of("DateStyle", "German"));
        }
        if (random.nextInt(4) == 0) {
            String options = switch (random.nextInt(7)) {
                case 0 -> "-c work_mem=5MB -c app.user_id=start";
                case 1 -> "-c search_path=other,public";
                case 2 -> "-c app.tenant=one\\ two --statement_timeout=77s";
                case 3 -> "-c default_transaction_isolation=repeatable\\ read";
                case 4 -> "-c work_mem=nonsense";
                case 5 -> "-c role=" + TwinSide.WORKER;
                default -> "-c extra_float_digits=0 -c bytea_output=escape";
            };
            parameters.addAll(List.of("options", options));
        }
        return new TwinStep.Connect(client, role, List.copyOf(parameters));
    }

    private boolean mayBind(Model model) {
        return model.isBound()
                || models.values().stream()
                                .filter(each -> each.role.equals(model.role) && each.isBound())
                                .count()
                        < MOST_BOUND;
    }

    /** @param alone whether nothing else is in the request, so that DISCARD ALL may succeed */
    private String statement(int client, Model model, boolean alone) {
        if (model.status == 'E' && random.nextInt(3) == 0) {
            return random.nextInt(3) == 0 ? "rollback to a" : "rollback";
        }
        if (model.status == 'T' && random.nextInt(12) == 0) {
            return "commit";
        }
        while (true) {
            TwinKind kind = kind();
            boolean binds =
                    kind.hold() != TwinKind.Hold.NOTHING || kind == TwinKind.TRANSACTION || kind == TwinKind.CHAIN;
            if ((binds && !mayBind(model)) || (kind == TwinKind.SEQUENCE && !model.readsSequences)) {
                continue;
            }
            if (kind == TwinKind.LISTEN) {
                model.listened = true;
            }
            if (alone && kind == TwinKind.DISCARD_ALL && model.status == 'I') {
                model.holds.remove(TwinKind.Hold.UNTIL_DISCARDED);
            }
            if (kind.hold() != TwinKind.Hold.NOTHING) {
                model.holds.add(kind.hold());
            }
            String sql = statements.of(kind, client);
            boolean found = alone && model.status == 'I'; // it is prepared again with the settings it was prepared with
            if (model.hasUnlistened && sql.startsWith("prepare transaction")) {
                continue;
            }
            model.hasUnlistened |= sql.startsWith("unlisten");
            // what a text needs is put in front of all of it
            boolean queried = model.hasQueried || (!alone && model.status == 'T');
            if ((found || !HANGS_ON_PATH.matcher(sql).find())
                    && (!queried || !BEFORE_QUERIES.matcher(sql).find())) {
                model.hasQueried |= model.goesBackTooSoon(sql);
                return sql;
            }
        }
    }

    private TwinKind kind() {
        int at = random.nextInt(weights.values().stream().mapToInt(each -> each).sum());
        for (Map.Entry<TwinKind, Integer> each : weights.entrySet()) {
            at -= each.getValue();
            if (at < 0) {
                return each.getKey();
            }
        }
        throw new IllegalStateException();
    }

    private TwinRequest request(int client, Model model) {
        TwinRequest request = new TwinRequest();
        return switch (random.nextInt(10)) {
            case 0 -> {
                List<String> parts = new ArrayList<>();
                for (int left = 2 + random.nextInt(3); left > 0; left--) {
                    String part = statement(client, model, false);
                    parts.add(part);
                    if (model.goesBackTooSoon(part)) {
                        break;
                    }
                }
                yield request.query(String.join("; ", parts));
            }
            case 1, 2 -> single(request, statement(client, model, true)).sync();
            case 5 ->
                model.status != 'E' && kinds.contains(TwinKind.NAMED) && mayBind(model)
                        ? named(request, model)
                        : request.query("select 5");
            case 3, 4 -> {
                pipeline(request, client, model);
                yield request.sync();
            }
            case 6 ->
                weights.containsKey(TwinKind.COPY) ? copy(request) : request.query(statement(client, model, true));
            default -> request.query(statement(client, model, true));
        };
    }

    /** Data for the server; what it does not want it leaves out. */
    private TwinRequest copy(TwinRequest request) {
        String sql = statements.copyIn();
        boolean simple = random.nextBoolean();
        if (simple) {
            request.query(sql);
        } else {
            single(request, sql);
        }
        for (int rows = random.nextInt(3); rows > 0; rows--) {
            request.copyData(random.nextInt(5) == 0 ? "nonsense\n" : (500 + random.nextInt(300)) + "\tcopied\n");
        }
        if (random.nextInt(4) == 0) {
            request.copyFail("no more");
        } else {
            request.copyDone();
        }
        return simple ? request : request.sync();
    }

    private TwinRequest single(TwinRequest request, String sql) {
        request.parse("", sql).bind("", "");
        if (random.nextInt(2) == 0) {
            request.describe('P', "");
        }
        return request.execute("", random.nextInt(6) == 0 ? 1 : 0);
    }

    private void pipeline(TwinRequest request, int client, Model model) {
        for (int left = 1 + random.nextInt(5); left > 0; left--) {
            String name = "n" + random.nextInt(3);
            int what = random.nextInt(12);
            // one of the statements begins a transaction
            if (what < 8 && (!kinds.contains(TwinKind.NAMED_ANYWHERE) || !mayBind(model))) {
                what = 8;
            }
            model.hasQueried |= what < 8;
            switch (what) {
                case 0, 1 -> request.parse(name, prepared(name));
                case 2 -> request.parse(name, prepared(name)).describe('S', name);
                case 3, 4, 5 -> run(request, name);
                case 6 -> request.describe('S', name);
                case 7 -> request.close('S', name);
                case 8 -> request.sync();
                case 9 -> {
                    String setting = statements.setting();
                    request.parse("", "select set_config($1, $2, $3)")
                            .bind("", "", setting, statements.value(setting), random.nextBoolean() ? "t" : "f")
                            .execute("", 0);
                }
                case 10 -> {
                    String portal = "portal" + random.nextInt(2);
                    request.parse("", "select generate_series(1, 5)")
                            .bind(portal, "")
                            .execute(portal, 2);
                    if (random.nextBoolean()) {
                        request.execute(portal, 2);
                    }
                    if (random.nextBoolean()) {
                        request.close('P', portal);
                    }
                }
                default -> {
                    String sql = statement(client, model, false);
                    if (NEEDS_STATEMENTS.matcher(sql).find()) {
                        request.sync(); // behind statements that are prepared in the batch, and with its settings
                    }
                    single(request, sql);
                    if (model.goesBackTooSoon(sql)) {
                        if (random.nextBoolean()) {
                            String setting = statements.setting();
                            single(request, "set " + setting + " to '" + statements.value(setting) + "'");
                        }
                        request.sync();
                    }
                }
            }
        }
    }

    private TwinRequest named(TwinRequest request, Model model) {
        model.hasQueried = true;
        String name = "n" + random.nextInt(3);
        if (random.nextBoolean()) {
            run(request, name);
            return request.sync();
        }
        request.close('S', name)
                .parse(
                        name,
                        name.equals("n0") ? "select current_setting('work_mem'), current_user" : "select $1::int + 1");
        if (random.nextBoolean()) {
            request.describe('S', name);
        }
        request.sync();
        run(request, name);
        return request.sync();
    }

    private void run(TwinRequest request, String name) {
        // n0 takes no parameters, the others one
        if (name.equals("n0")) {
            request.bind("", name);
        } else {
            request.bind("", name, Integer.toString(random.nextInt(6)));
        }
        if (random.nextInt(3) == 0) {
            request.describe('P', "");
        }
        request.execute("", 0);
    }

    private String prepared(String name) {
        List<String> texts = name.equals("n0")
                ? List.of(
                        "select 1",
                        "select i, s from t order by i limit 3",
                        "select current_setting('work_mem'), current_user",
                        "set work_mem to '14MB'",
                        "reset work_mem",
                        "begin",
                        "commit",
                        "rollback",
                        "select 7")
                : List.of(
                        "select $1::int + 1",
                        "select s from t where i = $1",
                        "insert into t(i, s) values ($1::int + 400, 'protocol') returning i",
                        "select set_config('app.user_id', $1, false)",
                        "select nullif(current_setting('app.user_id', true), ''), $1",
                        kinds.contains(TwinKind.FUNCTION_SETS_CUSTOM)
                                ? "select sets('app.tenant', $1, false)"
                                : "select sets('work_mem', $1 || 'MB', false)");
        return texts.get(random.nextInt(texts.size()));
    }
}
