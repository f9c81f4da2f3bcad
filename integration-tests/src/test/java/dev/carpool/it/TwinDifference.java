package dev.carpool.it;

import java.util.List;

/** The two sides have answered differently. */
record TwinDifference(long seed, List<TwinStep> steps, TwinStep last, TwinAnswer direct, TwinAnswer proxied) {
    private static final int SHOWN = 60;

    /** Whether it says nothing about the proxy: more clients than there are connections want one. */
    boolean isShortage() {
        return proxied.messages().stream().anyMatch(line -> line.contains("CP201"));
    }

    /** Both answers, and what led there. */
    String report() {
        StringBuilder text = new StringBuilder();
        text.append("seed ").append(seed).append(", step ").append(steps.size()).append('\n');
        List<TwinStep> own = steps.stream()
                .filter(step -> steps.size() <= SHOWN || step.client() == last.client() || step.client() < 0)
                .toList();
        for (TwinStep step : own.subList(Math.max(0, own.size() - SHOWN), own.size())) {
            text.append("  client ")
                    .append(step.client())
                    .append(": ")
                    .append(step)
                    .append('\n');
        }
        text.append("  directly\n").append(direct.text(proxied));
        return text.append("  through the proxy\n").append(proxied.text(direct)).toString();
    }
}
