using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Host.Tests.Api;

public sealed class LogApiTests
{
    private static readonly JobId Web = JobId.Parse("web");

    [Fact]
    public async Task The_last_lines_of_each_process_come_with_its_name()
    {
        await using var api = await Ready();
        Write(api, api.Paths.Stdout(new ProcessId(Web, "web")), "one\ntwo\nthree\n");
        Write(api, api.Paths.Stdout(new ProcessId(Web, "worker")), "four\n");
        var body = (await api.Send(HttpMethod.Get, "/v1/jobs/default/web/logs?lines=2")).Body;
        Assert.Equal([("web", "two"), ("web", "three"), ("worker", "four")], Lines(body).Select(l => (l.Process, l.Text)));
    }

    [Fact]
    public async Task One_process_and_its_stderr_can_be_asked_for()
    {
        await using var api = await Ready();
        Write(api, api.Paths.Stderr(new ProcessId(Web, "worker")), "bad\n");
        var body = (await api.Send(HttpMethod.Get, "/v1/jobs/default/web/logs?process=worker&stderr=true")).Body;
        Assert.Equal(new LogLine("worker", "stderr", "bad"), Assert.Single(Lines(body)));
    }

    [Fact]
    public async Task A_process_that_the_job_does_not_have_is_not_found_and_those_it_has_are_named()
    {
        await using var api = await Ready();
        var (status, body) = await api.Send(HttpMethod.Get, "/v1/jobs/default/web/logs?process=../../etc/passwd");
        Assert.Equal(404, status);
        Assert.Contains("it has web, worker", JsonSerializer.Deserialize(body, ApiJson.Default.ErrorReply)!.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Followed_a_log_goes_on_with_what_is_written_until_the_reader_goes()
    {
        await using var api = await Ready();
        var path = api.Paths.Stdout(new ProcessId(Web, "web"));
        Write(api, path, "before\n");
        using var client = api.Client();
        using var stream = new StreamReader(await client.GetStreamAsync("http://fleet/v1/jobs/default/web/logs?process=web&follow=true"));
        Assert.Equal("before", Lines((await stream.ReadLineAsync())!).Single().Text);

        await File.AppendAllTextAsync(path, "after\n");
        Assert.Equal("after", Lines((await stream.ReadLineAsync())!).Single().Text);
    }

    private static async Task<RunningApi> Ready()
    {
        var api = await RunningApi.Start();
        await api.Run("web.yml", JobFiles.WebChanged);
        return api;
    }

    private static void Write(RunningApi api, string path, string text)
    {
        Directory.CreateDirectory(api.Paths.Logs(Web));
        File.WriteAllText(path, text);
    }

    private static IEnumerable<LogLine> Lines(string body) =>
        body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, ApiJson.Default.LogLine)!);
}
