using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.RootHelper.Grants;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>
/// One request, from its connection to its end. Read from top to bottom it is the argument why nothing runs as root that people did not sign, this host's
/// root did not allow, and this host's log does not know of: every step that fails throws, what is thrown is denied, and only the last line of
/// <see cref="Run"/> starts anything.
/// </summary>
internal sealed partial class Helper
{
    private readonly Places places;
    private readonly Connection client;
    private readonly RootState state;
    private readonly RootLog log;
    private RootLogEntry entry;

    // Held to the end of the process: whoever could lock it would take what it stands for as left behind.
    private SafeFileHandle? running;
    private Phase phase;

    private Helper(Places places)
    {
        this.places = places;
        client = new Connection(new SafeFileHandle(0, ownsHandle: false));
        state = new RootState(places);
        log = new RootLog(places);
        entry = Entries.Of(RootAct.Denied, Now);
    }

    private static DateTimeOffset Now => DateTimeOffset.UtcNow;

    private enum Phase
    {
        /// <summary>What fails is denied, and nothing has happened.</summary>
        Checking,

        /// <summary>The use is gone, and it may run; what fails leaves its outcome to the log.</summary>
        Burnt,

        /// <summary>Its end is in the log.</summary>
        Ended,
    }

    public static int Answer(Places places)
    {
        Environment.CurrentDirectory = "/";
        _ = Libc.Umask(0x3F /* 0077 */);
        Libc.KeepDescriptors();
        return new Helper(places).Answer();
    }

    private int Answer()
    {
        try
        {
            var policy = HostPolicy.Read(places);
            entry = entry with { Policy = policy.Digest };
            state.Prepare(policy.Policy.Host);
            log.Begin(policy.Digest, state.PublicKey);
            state.Sweep(log, Now);
            var request = client.ReadRequest();
            RefuseStrangers(policy.Policy);
            switch (RootRequest.Read(request))
            {
                case RootRequest.Run run:
                    Run(run, policy);
                    return 0;
                case RootRequest.Revoke revoke:
                    Revoke(revoke, policy);
                    return 0;
                case RootRequest.Log after:
                    client.Send(RootFrame.Log, log.After(after.After, RootFrames.Longest));
                    return 0;
                default:
                    throw new Denied(RootDenial.BadRequest, "this is not a request of a version that this helper knows");
            }
        }
        catch (Denied denied)
        {
            return Deny(denied);
        }
        catch (Exception e)
        {
            return Deny(new Denied(RootDenial.CannotRun, e.Message));
        }
    }

    // Who connected is what the kernel says (SO_PEERCRED), whatever its socket is called and whatever it sends.
    private void RefuseStrangers(RootPolicy policy)
    {
        var peer = client.Peer;
        if (peer.User != policy.Agent)
        {
            throw new Denied(RootDenial.NotTheAgent, $"uid {peer.User} (pid {peer.Pid}) is not this host's agent, which is uid {policy.Agent}");
        }
    }

    private void Run(RootRequest.Run run, HostPolicy host)
    {
        entry = entry with { Document = Digest.Of(run.Grant.AsSpan()), Use = run.Use };
        var (request, approvals) = Verified(run, host);
        var (grant, task) = Parsed(run.Grant);
        entry = entry with { Grant = grant.Id };
        Judge(host.Policy, grant, request, approvals, task, run.Use);
        using var plan = TaskPlan.Of(grant, task);

        // Once more: to look at what the task needs may have taken as long as the agent wished.
        Judge(host.Policy, grant, request, approvals, task, run.Use);
        state.Burn(grant.Id, run.Use);
        phase = Phase.Burnt;
        using var group = Cgroup.Make($"fleet-root-{grant.Id}.{run.Use}");
        running = state.Runs(grant.Id, run.Use, group);
        RefuseRevoked(grant.Id);
        var started = new RootStarted(grant.Id, run.Use, host.Policy.Host, Now);
        log.Append(entry with { What = RootAct.Starting, At = started.At });
        client.Send(RootFrame.Started, started, RootJson.Default.RootStarted);

        // Before the task, so that who waits for the receipt need not wait for what signs it to be loaded.
        using var signing = SshKeygen.Sign(places.Key, SignatureNamespaces.Receipt);
        Receipt(started, Execute(plan, group), group, signing);
    }

    // Over the very bytes that came, and before anything looks into them.
    private (GrantSignature Request, ImmutableArray<GrantSignature> Approvals) Verified(RootRequest.Run run, HostPolicy host)
    {
        var verified = SshKeygen.Verify(run.Grant.AsSpan(), host.Signers, [(run.By, SignatureNamespaces.Request), .. run.Approvals.Select(a => (a, SignatureNamespaces.Grant))]);
        entry = entry with { Signers = [.. verified.Select(s => $"{s.Principal} {s.Key}")] };
        return (verified[0], verified[1..]);
    }

    private static (GrantDocument Grant, RootTask Task) Parsed(ImmutableArray<byte> bytes) => GrantFormat.Read(bytes.AsSpan()) switch
    {
        GrantReading.Read { Document: { RootTask: { } task } document } => (document, task),
        GrantReading.Read => throw new Denied(RootDenial.NotAGrant, "the grant is for a job, and not for a root task"),
        GrantReading.Refused refused => throw new Denied(RootDenial.NotAGrant, string.Join("; ", refused.Mistakes.Select(m => $"{m.Path}: {m.Message}"))),
        var other => throw new System.Diagnostics.UnreachableException($"{other}"),
    };

    private void Judge(RootPolicy policy, GrantDocument grant, GrantSignature request, ImmutableArray<GrantSignature> approvals, RootTask task, int use)
    {
        // The clock is read after the log: another helper may have written to it since this one began.
        var latest = log.Last().Latest;
        var denials = RootVerdict.Denials(policy, grant, request, approvals, Now, latest);
        if (!denials.IsEmpty)
        {
            throw new Denied(denials[0], string.Join("; ", denials.Select(d => DenialText.Of(d, policy, grant, approvals))));
        }

        RefuseRevoked(grant.Id);
        if (use > task.UsesPerHost)
        {
            throw new Denied(RootDenial.NoSuchUse, $"{grant.Id} has {task.UsesPerHost} uses on each host, and {use} is none of them");
        }
    }

    private void RefuseRevoked(GrantId grant)
    {
        if (state.IsRevoked(grant))
        {
            throw new Denied(RootDenial.Revoked, $"{grant} was revoked");
        }
    }

    // A revocation is written down before it ends what it finds: what it did not find yet is ended here.
    private TaskEnd Execute(TaskPlan plan, Cgroup group)
    {
        using var program = plan.Program();
        var confined = plan.IsConfined ? TaskRoot.Make(plan, program, places, plan.Grant.Id.Text) : null;
        var limits = new TaskLimits(TimeSpan.FromSeconds(plan.Task.TimeoutSeconds), plan.Task.OutputLimit);
        var run = new TaskRun(client, group, limits, () => state.IsRevoked(plan.Grant.Id), confined?.FirstProcess);
        return run.Run((stdout, stderr) => confined?.Start(stdout, stderr) ?? HostTask.Start(plan, program, stdout, stderr));
    }

    private void Receipt(RootStarted started, TaskEnd end, Cgroup group, SshKeygen.Signing signing)
    {
        group.Dispose();
        var (how, ended) = (end.How, Now);
        var head = log.Append(entry with { What = RootAct.Ended, At = ended, ExitCode = end.Child.Code, How = how, Stdout = end.Stdout, Stderr = end.Stderr });
        phase = Phase.Ended;
        RanUnlessLeft(started.Grant, started.Use, group);
        var receipt = JsonSerializer.SerializeToUtf8Bytes(
            new RootReceipt(
                RootReceipt.Version, started.Host, started.Grant, started.Use, entry.Document!.Value, started.At, ended, end.Child.Code, how,
                end.Child.CpuMilliseconds, end.Child.MemoryKilobytes, end.Stdout, end.Stderr, head.Number, head.Digest),
            RootJson.Default.RootReceipt);
        client.Send(RootFrame.Receipt, receipt);
        client.Send(RootFrame.Signature, Encoding.ASCII.GetBytes(signing.Of(receipt)));
    }

    // What cannot be ended is not said to be gone: the next helper looks again.
    private void RanUnlessLeft(GrantId grant, int use, Cgroup group)
    {
        if (group.IsGone)
        {
            state.Ran(grant, use);
        }
    }

    // What was burnt was not refused: that it has no receipt tells the agent to look into the log.
    private int Deny(Denied denied)
    {
        var message = EventText.Visible(denied.Message);
        message = message.Length > RootLogEntry.LongestDetail ? message[..RootLogEntry.LongestDetail] : message;
        if (phase != Phase.Ended)
        {
            WriteDown(denied.Code, message);
        }

        if (phase == Phase.Checking)
        {
            client.Send(RootFrame.Refused, new RootRefusal(denied.Code, message), RootJson.Default.RootRefusal);
            client.Discard();
        }

        return 1;
    }

    private void WriteDown(RootDenial code, string message)
    {
        try
        {
            log.Append(entry with { At = Now, What = phase == Phase.Checking ? RootAct.Denied : RootAct.Lost, Denial = code, Detail = message });
            if (running is not null)
            {
                RanUnlessLeft(entry.Grant!.Value, entry.Use!.Value, Cgroup.Named($"fleet-root-{entry.Grant}.{entry.Use}"));
            }
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"fleet-root-helper: {EnumText.Of(code)}: {message}; and that cannot be written down: {e.Message}");
        }
    }
}
