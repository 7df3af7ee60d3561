using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Client.Linux;
using Fleet.Host.Api;

namespace Fleet.Host.Tests.Api;

public sealed class ServerTests
{
    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(990, 5, true)]
    [InlineData(1000, 1000, false)]
    [InlineData(1000, 77, true)]
    [InlineData(1001, 1001, true)]
    public void Root_the_agents_own_user_and_members_of_the_group_may_and_nobody_else(int uid, int gid, bool may)
    {
        var access = new Access(AgentUid: 990, GroupId: 77);
        var caller = new Caller(1, uid, gid, uid == 1001 ? [5, 77] : [5]);
        Assert.Equal(may, access.Allows(caller));
    }

    [Fact]
    public void Without_the_group_on_the_host_nobody_is_a_member_of_it() =>
        Assert.False(new Access(990, null).Allows(new Caller(1, 1000, -1, [-1])));

    [SkippableFact]
    public async Task Another_user_is_refused_even_where_the_sockets_mode_was_opened()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "becoming another user needs root");
        Skip.IfNot(File.Exists("/usr/bin/curl"), "/usr/bin/curl is missing: install curl");
        await using var api = await RunningApi.Start();
        File.SetUnixFileMode(api.Paths.Socket, (UnixFileMode)0b110_110_110);
        var asNobody = await new Command(
            "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/curl", "-s", "--unix-socket", api.Paths.Socket, "http://fleet/v1/jobs").Run();
        var error = JsonSerializer.Deserialize(asNobody.Output, ApiJson.Default.ErrorReply)!.Error;
        Assert.Equal(ErrorCodes.Denied, error.Code);
        Assert.StartsWith("uid:65534(nobody) may not", error.Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("daemon", 0b110_110_000)]
    [InlineData("no-such-group-here", 0b110_000_000)]
    public async Task The_socket_is_open_to_its_owner_and_the_group_alone(string group, int mode)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "giving a file to any group needs root");
        await using var api = await RunningApi.Start(group: group);
        Assert.Equal((UnixFileMode)mode, File.GetUnixFileMode(api.Paths.Socket));
    }

    [Fact]
    public async Task A_socket_that_somebody_answers_at_is_not_taken()
    {
        await using var api = await RunningApi.Start();
        var error = Assert.Throws<IOException>(() => ApiSocket.Clear(api.Paths.Socket));
        Assert.Contains("another agent", error.Message, StringComparison.Ordinal);
        Assert.Equal(200, (await api.Send(HttpMethod.Get, "/v1/version")).Status);
    }

    [Fact]
    public void A_dead_socket_is_removed_and_any_other_file_is_not()
    {
        var folder = Directory.CreateTempSubdirectory("fleet-socket-").FullName;
        try
        {
            using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                dead.Bind(new UnixDomainSocketEndPoint($"{folder}/bound"));
                // .NET removes a socket's file when it is disposed; a killed agent does not.
                File.Move($"{folder}/bound", $"{folder}/dead");
            }

            ApiSocket.Clear($"{folder}/dead");
            Assert.False(Path.Exists($"{folder}/dead"));

            File.WriteAllText($"{folder}/file", "kept");
            Assert.Throws<IOException>(() => ApiSocket.Clear($"{folder}/file"));
            Assert.Equal("kept", File.ReadAllText($"{folder}/file"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_said_to_be_so()
    {
        var error = Assert.Throws<IOException>(() => ApiSocket.Clear("/" + new string('x', 107)));
        Assert.Contains("at most 107 bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"file_name":"a","content":"b","colour":"red"}""", "colour")]
    [InlineData("""{"file_name":"a"}""", "content")]
    [InlineData("""{"file_name":"a","content":null}""", "content")]
    [InlineData("""{"file_name":"a","file_name":"b","content":"c"}""", "file_name")]
    [InlineData("not json", "")]
    public async Task A_body_that_is_not_exactly_what_is_asked_for_is_refused_by_name(string body, string names)
    {
        await using var api = await RunningApi.Start();
        var (status, reply) = await api.Send(HttpMethod.Post, "/v1/jobs", body);
        var error = JsonSerializer.Deserialize(reply, ApiJson.Default.ErrorReply)!.Error;
        Assert.Equal((400, ErrorCodes.Invalid), (status, error.Code));
        Assert.Contains(names, Assert.Single(error.Details).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_above_the_bound_is_refused()
    {
        await using var api = await RunningApi.Start();
        var (status, reply) = await api.Run("big.yml", new string('x', (int)ApiServer.MaxBody));
        Assert.Equal(413, status);
        Assert.Equal(ErrorCodes.Invalid, JsonSerializer.Deserialize(reply, ApiJson.Default.ErrorReply)!.Error.Code);
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404, ErrorCodes.NotFound)]
    [InlineData("DELETE", "/v1/jobs", 405, ErrorCodes.Invalid)]
    [InlineData("GET", "/v1/jobs/default/a..b%20c", 400, ErrorCodes.Invalid)]
    [InlineData("GET", "/v1/jobs/default/web/diff?v1=x&v2=1", 400, ErrorCodes.Invalid)]
    [InlineData("GET", "/v1/audit?since=x", 400, ErrorCodes.Invalid)]
    [InlineData("GET", "/v1/audit?follow=maybe", 400, ErrorCodes.Invalid)]
    [InlineData("GET", "/v1/jobs/default/web/logs?lines=abc", 400, ErrorCodes.Invalid)]
    public async Task What_is_not_there_is_answered_as_every_other_error(string method, string path, int status, string code)
    {
        await using var api = await RunningApi.Start();
        var reply = await api.Send(new HttpMethod(method), path);
        Assert.Equal(status, reply.Status);
        Assert.Equal(code, JsonSerializer.Deserialize(reply.Body, ApiJson.Default.ErrorReply)!.Error.Code);
    }

    [Fact]
    public async Task An_agent_is_ready_when_both_its_roles_answer()
    {
        await using var api = await RunningApi.Start();
        Assert.Equal((200, """{"status":"ready","detail":null}"""), await api.Send(HttpMethod.Get, "/health"));
    }

    [Fact]
    public async Task An_agent_whose_host_role_does_not_answer_is_not_ready_and_says_so_to_who_asks()
    {
        await using var api = await RunningApi.Start(hostAnswers: false);
        Assert.Equal(503, (await api.Send(HttpMethod.Get, "/health")).Status);
        var (status, body) = await api.Send(HttpMethod.Get, "/v1/host/processes");
        Assert.Equal((503, ErrorCodes.Unavailable), (status, JsonSerializer.Deserialize(body, ApiJson.Default.ErrorReply)!.Error.Code));
    }

    // FLEET_WRITE_GOLDEN=1 writes it anew.
    [Fact]
    public async Task The_published_document_is_what_the_endpoints_say_of_themselves()
    {
        await using var api = await RunningApi.Start();
        var generated = (await api.Send(HttpMethod.Get, "/generated/v1.json")).Body + "\n";
        if (Environment.GetEnvironmentVariable("FLEET_WRITE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(OpenApi(), generated);
        }

        Assert.Equal(await File.ReadAllTextAsync(OpenApi()), generated);
        Assert.Equal(generated, (await api.Send(HttpMethod.Get, "/openapi/v1.json")).Body);
    }

    [Fact]
    public async Task The_published_document_names_every_path_with_the_members_as_they_are_sent()
    {
        await using var api = await RunningApi.Start();
        var (status, body) = await api.Send(HttpMethod.Get, "/openapi/v1.json");
        var document = JsonDocument.Parse(body).RootElement;
        Assert.Equal(200, status);
        string[] paths =
        [
            "/health", "/v1/agent/shutdown", "/v1/audit", "/v1/grants", "/v1/grants/{id}", "/v1/grants/{id}/approve", "/v1/grants/{id}/deny",
            "/v1/grants/{id}/recording", "/v1/grants/{id}/review", "/v1/grants/{id}/revoke", "/v1/grants/{id}/run", "/v1/host", "/v1/host/processes", "/v1/jobs", "/v1/jobs/plan", "/v1/jobs/{ns}/{name}",
            "/v1/jobs/{ns}/{name}/diff", "/v1/jobs/{ns}/{name}/history", "/v1/jobs/{ns}/{name}/logs", "/v1/jobs/{ns}/{name}/restart",
            "/v1/jobs/{ns}/{name}/revert", "/v1/jobs/{ns}/{name}/start", "/v1/jobs/{ns}/{name}/stop", "/v1/root/policy", "/v1/unsafe", "/v1/version",
        ];
        Assert.Equal(paths, document.GetProperty("paths").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        var request = document.GetProperty("components").GetProperty("schemas").GetProperty("RunRequest").GetProperty("properties");
        Assert.Equal(["file_name", "content", "name", "set", "check_index"], request.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task The_host_shows_what_runs_there_with_its_use_of_cpu_and_memory()
    {
        await using var api = await RunningApi.Start();
        var body = (await api.Send(HttpMethod.Get, "/v1/host/processes")).Body;
        var process = Assert.Single(JsonSerializer.Deserialize(body, ApiJson.Default.HostProcessList)!.Processes);
        Assert.Equal(("web:web", 3, 1.5, 3L << 20, 2), (process.Id, process.Slice, process.CpuSeconds, process.MemoryBytes, process.Pids));
    }

    private static string OpenApi([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "../../../schema/openapi.json");
}
