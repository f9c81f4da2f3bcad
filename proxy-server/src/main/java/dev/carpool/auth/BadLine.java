package dev.carpool.auth;

/** A line that an operator has to put right; whoever reads the file knows which one it is. */
final class BadLine extends Exception {
    private final String problem;

    BadLine(String problem) {
        super(problem, null, false, false);
        this.problem = problem;
    }

    String problem() {
        return problem;
    }
}
