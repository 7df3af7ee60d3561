using System.Collections.Immutable;
using Akka.Actor;
using Fleet.Actors.Grants;
using Fleet.Actors.RootTasks;
using Fleet.Grants;
using Fleet.Host.Linux;
using Fleet.RootTasks;

namespace Fleet.Host.RootTasks;

/// <summary>The uses that an agent began, and was ended before it asked the host, or before it wrote down what the log says of them.</summary>
internal sealed partial class RootLogReader
{
    // Looked at in this order: the grants, the socket, the log. An agent that is gone has sent all that it ever will before the first of these.
    /// <returns>False: what one of them has sent is still under way, and is to be looked at again soon.</returns>
    private async Task<bool> SettleUnheard(string host)
    {
        var unheard = await Unheard(host);
        if (unheard.IsEmpty || UnixSockets.IsSpokenWith(socket) is not { } isUnderWay)
        {
            return true;
        }

        if (isUnderWay || await Whole(unheard) is not { } log)
        {
            return !isUnderWay;
        }

        foreach (var (asked, use) in unheard)
        {
            var entries = log.Entries.Where(entry => RootOutcome.IsOf(entry, asked, use)).ToImmutableArray();
            if (RootOutcome.OfUnheard(entries, log.Number, use) is { } outcome && !runs.IsBusy(asked.Document.Id) && await IsStill(asked, use))
            {
                await runs.Report(asked.Document.Id, host, use.Number, outcome);
            }
        }

        return true;
    }

    private async Task<ImmutableArray<(Grant.Asked Asked, GrantUse Use)>> Unheard(string host) =>
    [
        .. from grant in await grants.Ask<ImmutableArray<Grant>>(ListGrants.Instance, Patience)
           let asked = grant.Asking!
           where !runs.IsBusy(asked.Document.Id)
           from use in asked.Uses
           where use.Host == host && use.State == UseState.Begun
           select (asked, use),
    ];

    // Its number may have been refused and begun anew meanwhile, by this agent; the time tells.
    private async Task<bool> IsStill(Grant.Asked asked, GrantUse use) =>
        await grants.Ask<GrantReply>(new GrantMessage.Get(asked.Document.Id), Patience) is GrantReply.Accepted { Grant.Asking: { } now } && now.Uses.Contains(use);

    /// <returns>The last entry's number, and the entries of these uses; null: the log could not be read to its end, or is not what the ledger has a copy of.</returns>
    private async Task<(long Number, ImmutableArray<RootLogEntry> Entries)?> Whole(ImmutableArray<(Grant.Asked Asked, GrantUse Use)> uses)
    {
        var copy = await log.Ask<RootLogCopy>(GetRootLog.Instance, Patience);
        var found = ImmutableArray.CreateBuilder<RootLogEntry>();
        var number = 0L;
        while (await Lines(number) is { } lines)
        {
            var entries = Entries(lines);
            if (entries.Count == 0)
            {
                return lines.Length > 0 || copy.Broken || number < copy.Number ? null : (number, found.ToImmutable());
            }

            found.AddRange(entries.Where(entry => uses.Any(u => RootOutcome.IsOf(entry, u.Asked, u.Use))));
            number = entries[^1].Number;
        }

        return null;
    }
}
