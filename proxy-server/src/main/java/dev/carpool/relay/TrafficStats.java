package dev.carpool.relay;

/**
 * Counters of one pool on one event loop. Plain fields, written by that loop only; readers see values that are at most a
 * moment old.
 */
public final class TrafficStats {
    private long transactions;
    private long queries;
    private long bytesReceived;
    private long bytesSent;
    private long transactionNanos;
    private long queryNanos;
    private long waitNanos;
    private long checkouts;
    private long clientParses;
    private long serverParses;
    private long binds;
    private long logins;
    private final SessionStateStats sessionState = new SessionStateStats();
    private final LatencyHistogram waits = new LatencyHistogram();
    private final LatencyHistogram transactionTimes = new LatencyHistogram();
    private final LatencyHistogram queryTimes = new LatencyHistogram();

    void received(int bytes) {
        bytesReceived += bytes;
    }

    void sent(int bytes) {
        bytesSent += bytes;
    }

    void query(long nanos) {
        queries++;
        queryNanos += nanos;
        queryTimes.record(nanos);
    }

    void transaction(long nanos) {
        transactions++;
        transactionNanos += nanos;
        transactionTimes.record(nanos);
    }

    /** A checkout that took this long to be granted. */
    public void checkout(long nanos) {
        checkouts++;
        waitNanos += nanos;
        waits.record(nanos);
    }

    public void login() {
        logins++;
    }

    void clientParse() {
        clientParses++;
    }

    void serverParse() {
        serverParses++;
    }

    void bind() {
        binds++;
    }

    public long transactions() {
        return transactions;
    }

    public long queries() {
        return queries;
    }

    public long bytesReceived() {
        return bytesReceived;
    }

    public long bytesSent() {
        return bytesSent;
    }

    /** Nanoseconds, as the two that follow. */
    public long transactionNanos() {
        return transactionNanos;
    }

    public long queryNanos() {
        return queryNanos;
    }

    public long waitNanos() {
        return waitNanos;
    }

    public long checkouts() {
        return checkouts;
    }

    public long clientParses() {
        return clientParses;
    }

    public long serverParses() {
        return serverParses;
    }

    public long binds() {
        return binds;
    }

    public long logins() {
        return logins;
    }

    public LatencyHistogram waits() {
        return waits;
    }

    public LatencyHistogram transactionTimes() {
        return transactionTimes;
    }

    public LatencyHistogram queryTimes() {
        return queryTimes;
    }

    /** What session state costs. */
    public SessionStateStats sessionState() {
        return sessionState;
    }

    /** Adds another loop's counters to these; for readers that sum up. */
    public void add(TrafficStats other) {
        transactions += other.transactions;
        queries += other.queries;
        bytesReceived += other.bytesReceived;
        bytesSent += other.bytesSent;
        transactionNanos += other.transactionNanos;
        queryNanos += other.queryNanos;
        waitNanos += other.waitNanos;
        checkouts += other.checkouts;
        clientParses += other.clientParses;
        serverParses += other.serverParses;
        binds += other.binds;
        logins += other.logins;
        sessionState.add(other.sessionState);
        waits.add(other.waits);
        transactionTimes.add(other.transactionTimes);
        queryTimes.add(other.queryTimes);
    }
}
