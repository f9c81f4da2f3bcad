package dev.carpool;

import dev.carpool.auth.AuthFileProblems;
import dev.carpool.auth.HbaRules;
import dev.carpool.auth.UserList;
import dev.carpool.config.AuthConfig;
import dev.carpool.config.CarpoolConfig;
import dev.carpool.tls.TlsContexts;
import dev.carpool.tls.TlsProblems;
import java.util.ArrayList;
import java.util.List;

/** The files a valid configuration names: keys, certificates, user list and rules. Blocking. */
final class ConfigFiles {

    private ConfigFiles() {}

    /** All that is wrong with them, a line each; empty when they can be used. */
    static List<String> problems(CarpoolConfig config) {
        List<String> problems = new ArrayList<>();
        AuthConfig auth = config.auth();
        try {
            TlsContexts.load(config.clientTls(), config.serverTls());
        } catch (TlsProblems e) {
            problems.addAll(e.problems());
        }
        try {
            if (auth.file() != null) {
                UserList.read(auth.file(), auth.scramIterations());
            }
        } catch (AuthFileProblems e) {
            e.problems().forEach(problem -> problems.add(problem.toString()));
        }
        try {
            if (auth.hbaFile() != null) {
                HbaRules.read(auth.hbaFile());
            }
        } catch (AuthFileProblems e) {
            e.problems().forEach(problem -> problems.add(problem.toString()));
        }
        return problems;
    }
}
