using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Privileges;
using Fleet.RootTasks;

namespace Fleet.RootHelper.Tests;

/// <summary>A host of its own for the real helper, listening as root, with a policy and keys. Everything of it goes at the end.</summary>
public sealed class HelperHost : IDisposable
{
    /// <summary>Of nobody: a number is enough to be the agent.</summary>
    public const int Agent = 61234;

    private readonly Keys keys;
    private Process? listener;

    public HelperHost(Keys keys)
    {
        this.keys = keys;
        Prefix = Directory.CreateDirectory($"/var/lib/fleet-root-test-{Guid.NewGuid():N}"[..40]).FullName;
        foreach (var folder in (string[])["etc/fleet/root", "var/lib", "run"])
        {
            Directory.CreateDirectory($"{Prefix}/{folder}");
        }

        Set(Policy);
        SetSigners(keys.Line("alice") + keys.Line("bob") + keys.Line("carol"));
        Start();
    }

    public static RootPolicy Policy { get; } = new(
        1, "shop", "web-1", ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("tier", "web")]), Agent, 1, false, [], 600, 7200, null);

    public string Prefix { get; }

    public string Root => $"{Prefix}/etc/fleet/root";

    public string State => $"{Prefix}/var/lib/fleet-root";

    public string Socket => $"{Prefix}/run/fleet-root/root.sock";

    public int ListenerPid => listener!.Id;

    /// <summary>The listener's exit code, once it has ended.</summary>
    public int? ListenerEnd => listener!.HasExited ? listener.ExitCode : null;

    public void Set(RootPolicy policy) => File.WriteAllBytes($"{Root}/policy.json", JsonSerializer.SerializeToUtf8Bytes(policy, RootJson.Default.RootPolicy));

    public void SetSigners(string lines) => File.WriteAllText($"{Root}/allowed_signers", lines);

    /// <param name="more">Arguments after those of every listener.</param>
    public void Start(params string[] more)
    {
        listener = Listen(more);
        Assert.Contains("listening", listener.StandardError.ReadLine() ?? "nothing", StringComparison.Ordinal);
        _ = listener.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts one, which need not come to listen.</summary>
    public Process Listen(params string[] more) => Begin("--listen", more);

    /// <summary>Starts what starts listeners, as `fleet up` does.</summary>
    public Process Keep(params string[] more) => Begin("--keep", more);

    private Process Begin(string word, string[] more) => Process.Start(new ProcessStartInfo(
        Tool.Helper, [word, "--group", Agent.ToString(CultureInfo.InvariantCulture), "--prefix", Prefix, .. more]) { RedirectStandardError = true })!;

    public void KillListener()
    {
        listener!.Kill();
        listener.WaitForExit();
    }

    /// <summary>The pids of those that serve a connection now: the listener's children.</summary>
    public int[] Helpers() =>
        [.. File.ReadAllText($"/proc/{ListenerPid}/task/{ListenerPid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture))];

    public static void Kill(params int[] helpers)
    {
        foreach (var pid in helpers)
        {
            try
            {
                using var helper = Process.GetProcessById(pid);
                helper.Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended by itself.
            }
        }
    }

    /// <summary>Waits until every connection that was closed is served by nobody. A helper that the listener had not begun yet was killed by nobody either: it ends what it began by itself.</summary>
    public void AwaitNoHelper()
    {
        // They are accepted in their order: where this one, which asks nothing, is done with, all that came before it were begun.
        using (var last = Connect())
        {
            last.Shutdown(SocketShutdown.Send);
            while (last.Receive(new byte[256]) > 0)
            {
            }
        }

        Leftovers.Await(() => Helpers().Length == 0, "a helper goes on for nobody");
    }

    /// <summary>A grant to run something as root with nothing beside, now and for this host, asked for by alice.</summary>
    public static GrantDocument Grant(params string[] argv)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        return new(
            1, GrantId.Of(Guid.CreateVersion7()), "shop", "alice", "a test", false, HostSelector.Of("web-1"), now.AddMinutes(-1), now.AddMinutes(10),
            new PrivilegeSet([new Privilege.RunAsRoot()]),
            new RootTask(
                [.. argv], null, ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")]),
                "/", 0, 0, [], 1, 20, 65536, false),
            null);
    }

    public static GrantDocument Grant(Func<RootTask, RootTask> change, params string[] argv) => Grant(argv) is var grant ? grant with { RootTask = change(grant.RootTask!) } : grant;

    /// <summary>As an honest agent asks for it: alice's request, and the approvals of those named.</summary>
    public RootRequest.Run Signed(GrantDocument grant, params string[] approvers) => Signed(GrantFormat.Write(grant), approvers);

    public RootRequest.Run Signed(byte[] bytes, params string[] approvers) =>
        new([.. bytes], keys.Sign("alice", "fleet-request", bytes), [.. approvers.Select(a => keys.Sign(a, "fleet-grant", bytes))], 1);

    public Answer Run(GrantDocument grant) => Ask(Signed(grant, "bob"));

    public Answer Ask(RootRequest request) => AskBytes(RootRequest.Write(request));

    public Answer AskBytes(byte[] request)
    {
        using var socket = Begin(request);
        return Answer.Read(socket);
    }

    /// <summary>Sends a request and leaves the answer to be read.</summary>
    public Socket Begin(RootRequest request) => Begin(RootRequest.Write(request));

    public Socket Connect(int user = Agent) => Caller.Connect(Socket, user, Agent);

    public Socket Begin(byte[] request, int user = Agent)
    {
        var socket = Connect(user);
        var frame = new byte[RootFrames.HeadLength + request.Length];
        RootFrames.WriteHead(frame, RootFrame.Request, request.Length);
        request.CopyTo(frame, RootFrames.HeadLength);
        socket.Send(frame);
        return socket;
    }

    /// <summary>The root log after its first entry, its chain checked.</summary>
    public ImmutableArray<RootLogEntry> Log() => Whole() is [{ What: RootAct.PolicyChanged }, .. var rest] ? rest : [];

    /// <summary>All of it.</summary>
    public ImmutableArray<RootLogEntry> Whole()
    {
        var (entries, previous) = (ImmutableArray.CreateBuilder<RootLogEntry>(), RootLogEntry.Nothing);
        foreach (var line in Lines($"{State}/log"))
        {
            var bytes = Encoding.UTF8.GetBytes(line + "\n");
            var entry = RootLogEntry.Read(bytes);
            Assert.Equal((previous, entries.Count + 1), (entry.Previous, (int)entry.Number));
            entries.Add(entry);
            previous = Digest.Of(bytes);
        }

        return entries.ToImmutable();
    }

    // Not by .NET, which would ask for the lock that a helper may hold.
    private static string[] Lines(string path) => File.Exists(path) ? Tool.Run("/bin/cat", path).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];

    /// <summary>Nothing was started whose use is not burnt, nothing runs any more, and the helper still answers.</summary>
    public void AssertUnharmed()
    {
        var started = Log().Count(e => e is { What: RootAct.Starting, Use: not null });
        Assert.InRange(started, 0, Directory.GetFiles($"{State}/uses").Length);
        var answer = Run(Grant("/bin/echo", "still here"));
        Assert.Equal("still here\n", answer.Stdout);
        Assert.Empty(Directory.GetFiles($"{State}/running"));
    }

    public void Dispose()
    {
        if (!listener!.HasExited)
        {
            KillListener();
        }

        listener.Dispose();
        Directory.Delete(Prefix, recursive: true);
    }
}
