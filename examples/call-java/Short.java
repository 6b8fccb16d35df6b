import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** The least that works: prints the status of one call to the iTwin API. Needs Java 11. */
class Short {
    public static void main(String[] arguments) throws Exception {
        var builder = new ProcessBuilder("credhelper", "as", "token");
        var process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        var token = new String(process.getInputStream().readAllBytes()).strip();
        if (process.waitFor() != 0) System.exit(process.exitValue());
        var api = System.getenv().getOrDefault("ITWIN_API", "https://api.bentley.com");
        var request = HttpRequest.newBuilder(URI.create(api + "/itwins/"))
            .header("Authorization", "Bearer " + token).build();
        var response = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        System.out.println(response.statusCode());
    }
}
