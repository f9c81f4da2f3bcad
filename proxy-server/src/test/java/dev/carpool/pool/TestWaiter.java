package dev.carpool.pool;

/** A client session as the accounts see it. */
final class TestWaiter implements Waiter {
    final String name;
    final int loop;
    private final WaiterNode node = new WaiterNode(this);

    TestWaiter(String name, int loop) {
        this.name = name;
        this.loop = loop;
    }

    TestWaiter(String name) {
        this(name, 0);
    }

    @Override
    public int loop() {
        return loop;
    }

    @Override
    public WaiterNode node() {
        return node;
    }

    @Override
    public String toString() {
        return name;
    }
}
