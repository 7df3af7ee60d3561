using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Fleet.Grants;
using Fleet.Ledger;
using Fleet.RootHelper.Grants;
using Fleet.RootHelper.Jobs;
using Fleet.RootHelper.Linux;
using Fleet.RootHelper.RootTasks;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper;

/// <summary>
/// One request, from its connection to its end. Read from top to bottom it is the argument why nothing runs as root that people did not sign, this host's
/// root did not allow, and this host's log does not know of: every step that fails throws, what is thrown is denied, and only the last line of
/// <see cref="Run"/> and of <see cref="StartJob"/> starts anything.
/// </summary>
internal sealed partial class Helper
{
    private readonly Places places;
    private readonly Connection client;
    private readonly RootState state;
    private readonly JobRuns jobs;
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
        jobs = new JobRuns(places);
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
            if (Usable() is not { } policy)
            {
                return 0;
            }

            entry = entry with { Policy = policy.Digest };
            state.Prepare(policy.Policy.Host);
            log.Begin(policy.Digest, state.PublicKey);
            log.TellOmitted(Now);
            state.Sweep(log, Now);
            jobs.Sweep(log, state.IsRevoked, Now);
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
                case RootRequest.StartJob start:
                    StartJob(start, policy);
                    return 0;
                case RootRequest.SignalJob signal:
                    SignalJob(signal);
                    return 0;
                case RootRequest.RemoveJob remove:
                    RemoveJob(remove);
                    return 0;
                case RootRequest.LookAtJob look:
                    LookAtJob(look);
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

    // Over the very bytes that came, and before anything looks into them.
    private (GrantSignature Request, ImmutableArray<GrantSignature> Approvals) Verified(
        ImmutableArray<byte> grant, PresentedSignature by, ImmutableArray<PresentedSignature> signed, HostPolicy host)
    {
        var verified = SshKeygen.Verify(grant.AsSpan(), host.Signers, [(by, SignatureNamespaces.Request), .. signed.Select(a => (a, SignatureNamespaces.Grant))]);
        entry = entry with { Signers = [.. verified.Select(s => $"{s.Principal} {s.Key}")] };
        return (verified[0], verified[1..]);
    }

    private GrantDocument Parsed(ImmutableArray<byte> bytes)
    {
        var grant = Read(bytes);
        entry = entry with { Grant = grant.Id };
        return grant;
    }

    private static GrantDocument Read(ImmutableArray<byte> bytes) => GrantFormat.Read(bytes.AsSpan()) switch
    {
        GrantReading.Read read => read.Document,
        GrantReading.Refused refused => throw new Denied(RootDenial.NotAGrant, string.Join("; ", refused.Mistakes.Select(m => $"{m.Path}: {m.Message}"))),
        var other => throw new System.Diagnostics.UnreachableException($"{other}"),
    };

    private void Judge(RootPolicy policy, GrantDocument grant, GrantSignature request, ImmutableArray<GrantSignature> approvals)
    {
        // The clock is read after the log: another helper may have written to it since this one began.
        var latest = log.Last().Latest;
        var denials = RootVerdict.Denials(policy, grant, request, approvals, Now, latest);
        if (!denials.IsEmpty)
        {
            throw new Denied(denials[0], string.Join("; ", denials.Select(d => DenialText.Of(d, policy, grant, approvals))));
        }

        RefuseRevoked(grant.Id);
    }

    private void RefuseRevoked(GrantId grant)
    {
        if (state.IsRevoked(grant))
        {
            throw new Denied(RootDenial.Revoked, $"{grant} was revoked");
        }
    }

    // An agent that has given up has told its people so: nothing may begin behind that, such as when a listener that was stopped goes on.
    private void RefuseWithdrawn()
    {
        if (client.WantsEnd())
        {
            throw new Denied(RootDenial.Withdrawn, "who asked was gone, or took it back, before anything of it was begun");
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

        // Of a job nobody waits for a receipt: what did not come to run, whoever asked is told.
        if (phase == Phase.Checking || entry.Run is not null)
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
            var isRefusal = phase == Phase.Checking;
            log.Append(entry with
            {
                At = Now, What = isRefusal ? RootAct.Denied : RootAct.Lost, Denial = code,
                Detail = isRefusal && message.Length > Refusals.LongestDetail ? message[..Refusals.LongestDetail] : message,
            });
            if (running is not null)
            {
                RanUnlessLeft(entry.Grant!.Value, entry.Use!.Value, Cgroup.Named($"fleet-root-{entry.Grant}.{entry.Use}"));
            }
        }
        catch (Exception e)
        {
            Operator.Tell($"{EnumText.Of(code)}: {message}; and that cannot be written down: {e.Message}");
        }
    }
}
