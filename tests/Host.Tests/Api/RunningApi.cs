using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Fleet.Actors.Jobs;
using Fleet.Actors.Sandboxes;
using Fleet.Client.Api;
using Fleet.Grants;
using Fleet.Host.Api;
using Fleet.Host.Audit;
using Fleet.Host.Grants;
using Fleet.Host.RootTasks;
using Fleet.Host.Tests.Grants;
using Fleet.Hosts;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Host.Tests.Api;

/// <summary>The real server on a real socket, in a folder of its own, over actors that answer from memory.</summary>
public sealed class RunningApi : IAsyncDisposable
{
    private readonly ActorSystem system = ActorSystem.Create("api-test", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
    private readonly WebApplication app;

    private RunningApi(Func<ProcessSpec, ProcessStatus>? says, bool hostAnswers, string group)
    {
        Folder = Directory.CreateTempSubdirectory("fleet-api-").FullName;
        File.SetUnixFileMode(Folder, (UnixFileMode)0b111_101_101);
        Paths = new HostPaths(Folder, $"{Folder}/vcap");
        Directory.CreateDirectory(Paths.Ledger);
        People = new People(Folder);
        JobsActor = system.ActorOf(Props.Create(() => new FakeJobs(Seen, says)));
        var host = system.ActorOf(Props.Create(() => new FakeHost(hostAnswers)));
        var audit = new SqliteAuditLog(Paths.Journal, TimeProvider.System, TimeSpan.FromMilliseconds(20));
        var root = new RootFolder(People.Folder);
        var fake = system.ActorOf(Props.Create(() => new FakeGrants(Granted)));
        var api = new FleetApi(JobsActor, fake, host, audit, Paths, new OnlyUsage(), root, "host-1", TimeProvider.System) { Patience = TimeSpan.FromSeconds(2) };
        Options = new ApiOptions(Paths.Socket, group);
        var runs = new RootRuns(fake, $"{Folder}/no-root.sock", Paths, TimeProvider.System, NullLogger.Instance);
        var grants = new GrantApi(fake, root, new SshSignatures(root, Paths.Signatures), runs);
        app = ApiServer.Build(api, grants, Options, builder => builder.Services.AddOpenApi(), web => web.MapOpenApi("/generated/{documentName}.json"));
    }

    public string Folder { get; }

    public HostPaths Paths { get; }

    /// <summary>Those whom root's files on this host know: at first there are neither files nor keys.</summary>
    public People People { get; }

    public ApiOptions Options { get; }

    public IActorRef JobsActor { get; }

    public List<JobMessage> Seen { get; } = [];

    /// <summary>Every event of a grant, in order.</summary>
    public List<GrantEvent> Granted { get; } = [];

    public static async Task<RunningApi> Start(
        Func<ProcessSpec, ProcessStatus>? says = null, bool hostAnswers = true, string group = "no-such-group-here")
    {
        var api = new RunningApi(says, hostAnswers, group);
        await ApiServer.Start(api.app, api.Options);
        return api;
    }

    public async Task<(int Status, string Body)> Send(HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using var client = Client();
        using var request = new HttpRequestMessage(method, $"http://fleet{path}");
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        request.Headers.ExpectContinue = json?.Length > 1 << 20;
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public Task<(int Status, string Body)> Run(string file, string content, long? index = null) =>
        Send(HttpMethod.Post, "/v1/jobs", JsonSerializer.Serialize(new RunRequest(file, content, CheckIndex: index), ApiJson.Default.RunRequest));

    public HttpClient Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Paths.Socket), cancel);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    public async ValueTask DisposeAsync()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await app.StopAsync(soon.Token);
        await app.DisposeAsync();
        await system.Terminate();
        Directory.Delete(Folder, recursive: true);
    }

    // The API asks the sandboxes for nothing else.
    private sealed class OnlyUsage : ISandboxes
    {
        public SandboxUsage? Usage(RunId run) => run == FakeHost.Run ? new SandboxUsage(TimeSpan.FromSeconds(1.5), 3 << 20, 2) : null;

        public Task<KernelView?> Look(RunId run) =>
            Task.FromResult(run.Text == "run-root" ? new KernelView(0, 0, ["NET_ADMIN", "SYS_ADMIN"], ["NET_ADMIN", "SYS_ADMIN"], Filtered: false, NoNewPrivileges: false, ["net", "user"]) : null);

        public int Slices => throw new NotSupportedException();

        public Task<SliceReturn> ReturnSlice(ImmutableArray<SliceOf> idle) => throw new NotSupportedException();

        public Task<StartOutcome> Start(SandboxRequest request, CancellationToken cancel) => throw new NotSupportedException();

        public Task<string?> Signal(SandboxIdentity identity, StopSignal signal) => throw new NotSupportedException();

        public Task<SandboxView> Inspect(RunId run) => throw new NotSupportedException();

        public Task Remove(RunId run) => throw new NotSupportedException();

        public Task<ExecResult> Exec(SandboxIdentity identity, ProcessSpec spec, ImmutableArray<string> command, TimeSpan timeout) =>
            throw new NotSupportedException();

        public Task<ImmutableArray<RunId>> List() => throw new NotSupportedException();

        public IDisposable OnExit(Action<RunId> listener) => throw new NotSupportedException();
    }
}
