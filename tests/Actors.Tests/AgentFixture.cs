using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Actors.Processes;
using Fleet.Actors.Sandboxes;
using Fleet.Jobs;
using Fleet.Ledger;
using Fleet.Processes;
using Fleet.Sandboxes;
using Microsoft.Data.Sqlite;

namespace Fleet.Actors.Tests;

/// <summary>An agent's actors over a real SQLite journal, with sandboxes in memory; it can be killed and started again on the same journal.</summary>
internal sealed class AgentFixture : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string folder;
    private readonly string akka;
    private readonly FakeProbes probes = new();
    private TimeProvider time = TimeProvider.System;
    private ActorSystem? system;

    private AgentFixture(string prefix, string akka) => (folder, this.akka) = (Directory.CreateTempSubdirectory(prefix).FullName, akka);

    public FakeSandboxes Sandboxes { get; } = new();

    public string Journal => Path.Combine(folder, "journal.db");

    public string Snapshots => Path.Combine(folder, "snapshots.db");

    public IActorRef Jobs { get; private set; } = ActorRefs.Nobody;

    public IActorRef Grants { get; private set; } = ActorRefs.Nobody;

    public IActorRef RootLog { get; private set; } = ActorRefs.Nobody;

    public IActorRef Host { get; private set; } = ActorRefs.Nobody;

    public RecoveryRefused? Refused { get; private set; }

    public bool Healthy
    {
        set => probes.Healthy = value;
    }

    /// <param name="prefix">Of the name of its folder.</param>
    /// <param name="akka">Configuration before Fleet's own.</param>
    public static async Task<AgentFixture> Begin(
        Action<FakeSandboxes>? with = null, TimeProvider? time = null, string prefix = "fleet-actors-", string akka = "")
    {
        var agent = new AgentFixture(prefix, akka) { time = time ?? TimeProvider.System };
        with?.Invoke(agent.Sandboxes);
        await agent.Start();
        return agent;
    }

    public async Task Start(bool untilReady = true)
    {
        var journal = SqliteJournal.Open(Journal, Snapshots);
        system = FleetActors.CreateSystem(journal, ConfigurationFactory.ParseString($$"""
            akka { loglevel = WARNING, stdout-loglevel = OFF, loggers = [], scheduler.implementation = "{{typeof(NoWaitScheduler).AssemblyQualifiedName}}" }
            {{akka}}
            """));
        var watcher = system.ActorOf(Props.Create(() => new RefusalWatcher(this)));
        system.EventStream.Subscribe(watcher, typeof(RecoveryRefused));
        var recorder = new Recorder("test-host", time);
        var link = new LoopbackLink();
        Jobs = system.StartJobs(recorder, journal, link);
        Grants = system.StartGrants(recorder, journal, Jobs);
        RootLog = system.StartRootLog(recorder);
        Host = system.StartHost(
            recorder, link, new ProcessPorts(Sandboxes, new ExitWakeups(Sandboxes), probes, () => "web-1"), new AgentRun("test", 1, Guid.Empty, Guid.CreateVersion7()));
        if (untilReady)
        {
            await Host.Ask<Ready>(WhenReady.Instance, Patience);
        }
    }

    /// <summary>Stops every actor where it is, without a word to it.</summary>
    public async Task Kill()
    {
        await system!.Terminate();
        SqliteConnection.ClearAllPools();
    }

    /// <summary>Holds the journal's write lock, as another process can, until it is disposed.</summary>
    public IDisposable LockJournal()
    {
        var connection = new SqliteConnection(SqliteJournal.ConnectionString(Journal, pooled: false));
        connection.Open();
        connection.BeginTransaction(deferred: false);
        return connection;
    }

    public async Task<JobView> Run(JobSpec spec) => await Accepted(new JobMessage.Submit(spec, null, Because()));

    public async Task<JobView> Accepted(JobMessage message) => Assert.IsType<JobReply.Accepted>(await Jobs.Ask<JobReply>(message, Patience)).Job;

    public async Task<ProcessStatus> Until(string job, string process, Func<ProcessStatus, bool> holds)
    {
        var deadline = DateTime.UtcNow + Patience;
        ProcessStatus? last = null;
        while (DateTime.UtcNow < deadline)
        {
            var reply = await Jobs.Ask<JobReply>(new JobMessage.Get(JobId.Parse(job)), Patience);
            last = (reply as JobReply.Accepted)?.Job.Processes.FirstOrDefault(o => o.Process.Name == process)?.Status;
            if (last is not null && holds(last))
            {
                return last;
            }

            await Task.Delay(10);
        }

        throw new TimeoutException($"{job}:{process} is {last}");
    }

    public Task<ProcessStatus> Until(string job, string process, ProcessPhase phase) => Until(job, process, s => s.Phase == phase);

    public ImmutableArray<Recorded> Stored()
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(Journal));
        connection.Open();
        using var query = connection.CreateCommand();
        query.CommandText = "SELECT message FROM journal ORDER BY ordering";
        using var rows = query.ExecuteReader();
        var events = ImmutableArray.CreateBuilder<Recorded>();
        while (rows.Read())
        {
            events.Add(EventCatalog.Read(rows.GetFieldValue<byte[]>(0)));
        }

        return events.ToImmutable();
    }

    public IEnumerable<T> Stored<T>()
        where T : FleetEvent => Stored().Select(r => r.Event).OfType<T>();

    public void Sql(string statement)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(Journal));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }

    /// <summary>The sequence number of a stream's newest snapshot; 0: it has none.</summary>
    public long SnapshotOf(string stream)
    {
        using var connection = new SqliteConnection(SqliteJournal.ConnectionString(Snapshots));
        connection.Open();
        using var query = connection.CreateCommand();
        query.CommandText = "SELECT ifnull(max(sequence_number), 0) FROM snapshot WHERE persistence_id = $stream";
        query.Parameters.AddWithValue("$stream", stream);
        return (long)query.ExecuteScalar()!;
    }

    public static async Task Eventually(Func<bool> holds)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(20); !holds(); await Task.Delay(10))
        {
            Assert.True(DateTime.UtcNow < deadline, "it did not come to hold in 20 s");
        }
    }

    public static Cause Because() => new(Guid.CreateVersion7(), Guid.CreateVersion7(), new Principal("uid:1000(alice)", "so_peercred"), "unix:42", DateTimeOffset.UtcNow);

    public static JobSpec Job(string name, params ProcessSpec[] processes) => new(JobId.Parse(name), [.. processes], []);

    public static ProcessSpec Process(string name) => new()
    {
        Name = name,
        Executable = "/bin/x",
        Restart = new RestartPolicy { Initial = TimeSpan.FromMilliseconds(1), Max = TimeSpan.FromMilliseconds(2) },
        Stop = StopLadder.Parse("TERM/100ms/QUIT/100ms/KILL"),
    };

    public async ValueTask DisposeAsync()
    {
        await Kill();
        Directory.Delete(folder, recursive: true);
    }

    private sealed class RefusalWatcher : ReceiveActor
    {
        public RefusalWatcher(AgentFixture agent) => Receive<RecoveryRefused>(refused => agent.Refused = refused);
    }

    private sealed class FakeProbes : IHealthProbes
    {
        public volatile bool Healthy = true;

        public Task<ProbeResult> Ask(SandboxIdentity identity, ProcessSpec spec, HealthCheck check) => Task.FromResult(new ProbeResult(Healthy, "asked"));
    }
}
