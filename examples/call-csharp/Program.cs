// Prints the names of your iTwins with a token from credhelper: dotnet run -- [PROFILE]
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

const int Temporary = 75; // exit status of credhelper: trying again later helps
var limit = TimeSpan.FromSeconds(25); // more than credhelper's own deadline (20 s), so that its reason comes through
int[] pausesInSeconds = [2, 4]; // after a temporary failure; then it is the caller's turn
var url = (Environment.GetEnvironmentVariable("ITWIN_API") ?? "https://api.bentley.com") + "/itwins/?$top=5";

// The token is for this server: no redirects.
using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
{
    Timeout = TimeSpan.FromSeconds(30),
};

try
{
    var profile = args.Take(1).ToArray();
    var response = await CallAsync(await TokenAsync(profile));
    if (response.StatusCode == HttpStatusCode.Unauthorized)
    {
        // The token was revoked, or its key rotated, before its expiry: once, past the cache.
        response.Dispose();
        response = await CallAsync(await TokenAsync(["--fresh", .. profile]));
    }
    using (response)
    {
        response.EnsureSuccessStatusCode();
        var page = await response.Content.ReadFromJsonAsync<Page>();
        foreach (var itwin in page?.ITwins ?? []) Console.WriteLine(itwin.DisplayName);
    }
    return 0;
}
catch (Failure failure)
{
    Console.Error.WriteLine(failure.Message);
    return failure.Status;
}
catch (Exception error) when (error is Win32Exception or HttpRequestException or TaskCanceledException)
{
    Console.Error.WriteLine(error.Message); // no credhelper, no network, no answer in time
    return 1;
}

// The access token of one run of `credhelper get`.
async Task<string> AskAsync(string[] arguments)
{
    string[] words = ["get", .. arguments];
    var start = new ProcessStartInfo("credhelper", words)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
    using var process = Process.Start(start)!; // null only with UseShellExecute
    process.StandardInput.Close();
    using var timer = new CancellationTokenSource(limit);
    string[] texts;
    try
    {
        // Both are read as they come: a full pipe would block the command, and so this program.
        var outputs = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(timer.Token);
        texts = await outputs.WaitAsync(timer.Token);
    }
    catch (OperationCanceledException)
    {
        process.Kill(entireProcessTree: true);
        throw new Failure($"credhelper gave no answer within {limit.TotalSeconds} s");
    }
    if (process.ExitCode != 0) throw new Failure(texts[1].Trim(), process.ExitCode);
    var answer = System.Text.Json.JsonSerializer.Deserialize<Answer>(texts[0]);
    return answer is { Version: 1 }
        ? answer.AccessToken
        : throw new Failure("credhelper answered in a version that is not known here");
}

// An access token, with patience for what is temporary.
async Task<string> TokenAsync(string[] arguments)
{
    foreach (var seconds in pausesInSeconds)
    {
        try
        {
            return await AskAsync(arguments);
        }
        catch (Failure failure) when (failure.Status == Temporary)
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds));
        }
    }
    return await AskAsync(arguments);
}

async Task<HttpResponseMessage> CallAsync(string accessToken)
{
    using var request = new HttpRequestMessage(HttpMethod.Get, url);
    request.Headers.Accept.ParseAdd("application/vnd.bentley.itwin-platform.v1+json");
    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
    return await client.SendAsync(request);
}

record Answer(int Version, string AccessToken)
{
    public override string ToString() => nameof(Answer); // a record's own one shows the token
}

record Page(ITwin[] ITwins);

record ITwin(string DisplayName);

// One line for the person who must act, and the exit status.
class Failure(string line, int status = 1) : Exception(line)
{
    public int Status => status;
}
