package dev.carpool.config;

/**
 * Threads and buffers.
 *
 * @param eventLoops number of event loops; 0 for one per core
 * @param readBufferBytes most bytes taken from a socket in one read
 */
public record RuntimeConfig(Transport transport, int eventLoops, int readBufferBytes) {

    public static RuntimeConfig defaults() {
        return CarpoolConfig.defaults().runtime();
    }

    static RuntimeConfig of(SettingValues values) {
        return new RuntimeConfig(values.get(Settings.TRANSPORT), values.get(Settings.EVENT_LOOPS), (int)
                (long) values.get(Settings.READ_BUFFER_SIZE));
    }

    /** The number of event loops to start on this machine. */
    public int eventLoopsHere() {
        return eventLoops > 0 ? eventLoops : Runtime.getRuntime().availableProcessors();
    }
}
