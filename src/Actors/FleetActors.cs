using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Pattern;
using Fleet.Actors.Grants;
using Fleet.Actors.Hosts;
using Fleet.Actors.Jobs;
using Fleet.Actors.Ledger;
using Fleet.Actors.Processes;
using Fleet.Actors.RootTasks;
using Fleet.Actors.Sandboxes;
using Fleet.Grants;

namespace Fleet.Actors;

/// <summary>The actor system of an agent: the roles it has, each under a supervisor that starts it again when the journal has failed it.</summary>
public static class FleetActors
{
    /// <param name="extra">Akka's own configuration of the caller, such as loggers; it comes first.</param>
    public static ActorSystem CreateSystem(SqliteJournal journal, Config extra) => ActorSystem.Create("fleet", extra.WithFallback(journal.Config));

    public static IActorRef StartJobs(this ActorSystem system, Recorder recorder, IJobIndex index, LoopbackLink link)
    {
        var jobs = system.ActorOf(Kept(JobsActor.Props(recorder, index, link), "jobs"), "control");
        link.ConnectControl(jobs);
        return jobs;
    }

    /// <param name="jobs">Is told of the grants for jobs.</param>
    public static IActorRef StartGrants(this ActorSystem system, Recorder recorder, IGrantIndex index, IActorRef jobs) =>
        system.ActorOf(Kept(GrantsActor.Props(recorder, index, jobs), "grants"), "grants");

    public static IActorRef StartHost(this ActorSystem system, Recorder recorder, LoopbackLink link, ProcessPorts ports, AgentRun agent)
    {
        var host = system.ActorOf(Kept(HostActor.Props(recorder, link, ports, agent), "host"), "host");
        link.ConnectHost(host);
        return host;
    }

    public static IActorRef StartRootLog(this ActorSystem system, Recorder recorder) =>
        system.ActorOf(Kept(RootLogActor.Props(recorder.Host, recorder), "rootlog"), "rootlog");

    /// <summary>Answers for the control role on an agent that has it not.</summary>
    public static IActorRef StartNoControl(this ActorSystem system) => system.ActorOf(Props.Create(() => new NoControl()), "control");

    /// <summary>Answers for the host role on an agent that has it not.</summary>
    public static IActorRef StartNoHost(this ActorSystem system) => system.ActorOf(Props.Create(() => new NoHost()), "host");

    private static Props Kept(Props props, string name) => BackoffSupervisor.Props(
        Backoff.OnStop(props, name, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), 0.2, int.MaxValue).WithAutoReset(TimeSpan.FromMinutes(1)));

    private sealed class NoControl : ReceiveActor
    {
        private static readonly Refusal Refusal = new(
            RefusalCode.Unavailable, "this agent has not the role control (fleet.roles), which holds the jobs and the grants; ask one that has");

        public NoControl()
        {
            Receive<JobMessage>(_ => Sender.Tell(new JobReply.Refused(Refusal)));
            Receive<ListJobs>(_ => Sender.Tell(ImmutableArray<JobView>.Empty));
            Receive<GrantMessage>(_ => Sender.Tell(new GrantReply.Refused(Refusal)));
            Receive<ListGrants>(_ => Sender.Tell(ImmutableArray<Grant>.Empty));
            ReceiveAny(_ => { });
        }
    }

    private sealed class NoHost : ReceiveActor
    {
        public NoHost()
        {
            Receive<WhenReady>(_ => Sender.Tell(Ready.Instance));
            Receive<StopAgent>(_ => Sender.Tell(Ready.Instance));
            Receive<ListProcesses>(_ => Sender.Tell(ImmutableArray<HostedProcess>.Empty));
            ReceiveAny(_ => { });
        }
    }
}
