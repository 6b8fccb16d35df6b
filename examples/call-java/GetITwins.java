import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prints the names of your iTwins with a token from credhelper: java GetITwins.java [PROFILE] */
final class GetITwins {
    static final long LIMIT_S = 25; // more than credhelper's own deadline (20 s), so that its reason comes through
    static final long[] PAUSES_S = {2, 4}; // after a temporary failure; then it is the caller's turn
    static final int TEMPORARY = 75; // exit status of credhelper: trying again later helps
    static final URI PAGE = URI.create(
        System.getenv().getOrDefault("ITWIN_API", "https://api.bentley.com") + "/itwins/?$top=5");
    // The JDK reads no JSON; with a library at hand, use that instead of these three.
    static final Pattern ANSWER = Pattern.compile("\\{\"Version\":1,\"AccessToken\":\"([^\"\\\\]+)\".*\\}\\s*");
    static final Pattern NAME = Pattern.compile("\"displayName\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");
    static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");

    /** One line for the person who must act, and the exit status. */
    static final class Failure extends Exception {
        final int status;

        Failure(String line, int status) {
            super(line);
            this.status = status;
        }
    }

    /** Returns the access token of one run of `credhelper get`. */
    static String ask(List<String> arguments) throws Failure, IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("credhelper", "get"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).start();
        process.getOutputStream().close();
        // Both are read as they come: a full pipe would block the command, and so this program.
        CompletableFuture<String> stdout = text(process.getInputStream());
        CompletableFuture<String> stderr = text(process.getErrorStream());
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new Failure("credhelper gave no answer within " + LIMIT_S + " s", 1);
        }
        if (process.exitValue() != 0) {
            throw new Failure(stderr.join().strip(), process.exitValue());
        }
        var answer = ANSWER.matcher(stdout.join());
        if (!answer.matches()) {
            throw new Failure("credhelper answered in a version that is not known here", 1);
        }
        return answer.group(1);
    }

    static CompletableFuture<String> text(InputStream stream) {
        return CompletableFuture.supplyAsync(() -> {
            try (stream) {
                return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }).orTimeout(LIMIT_S + 1, TimeUnit.SECONDS); // a process that it left behind may hold the pipe open
    }

    /** Returns an access token, with patience for what is temporary. */
    static String token(List<String> arguments) throws Failure, IOException, InterruptedException {
        for (long pause : PAUSES_S) {
            try {
                return ask(arguments);
            } catch (Failure failure) {
                if (failure.status != TEMPORARY) throw failure;
            }
            TimeUnit.SECONDS.sleep(pause);
        }
        return ask(arguments);
    }

    static HttpResponse<String> call(String accessToken) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(PAGE)
            .header("Accept", "application/vnd.bentley.itwin-platform.v1+json")
            .header("Authorization", "Bearer " + accessToken)
            .timeout(Duration.ofSeconds(30))
            .build();
        // This client follows no redirects: the token is for this server.
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    static void run(List<String> profile) throws Failure, IOException, InterruptedException {
        HttpResponse<String> response = call(token(profile));
        if (response.statusCode() == 401) {
            // The token was revoked, or its key rotated, before its expiry: once, past the cache.
            List<String> fresh = new ArrayList<>(List.of("--fresh"));
            fresh.addAll(profile);
            response = call(token(fresh));
        }
        if (response.statusCode() != 200) {
            throw new Failure(PAGE + " answered " + response.statusCode(), 1);
        }
        NAME.matcher(response.body()).results().map(found -> unescape(found.group(1))).forEach(System.out::println);
    }

    static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(
            found.group(1) != null ? Character.toString(Integer.parseInt(found.group(1), 16))
                : found.group(2).equals("/") ? "/" : found.group().translateEscapes()));
    }

    public static void main(String[] arguments) throws InterruptedException {
        try {
            run(Arrays.asList(arguments).subList(0, Math.min(arguments.length, 1)));
        } catch (Failure failure) {
            System.err.println(failure.getMessage());
            System.exit(failure.status);
        } catch (IOException error) {
            System.err.println(error);
            System.exit(1);
        }
    }
}
