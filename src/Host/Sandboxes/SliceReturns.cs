using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// Gives back the slices of stopped jobs. A job holds its slice while anything on the host is its own: a process, a file in its store or data folder (but
/// for its /tmp), one in its log folder that is not a log of Fleet's. Those are never removed here; what remains can be written by nobody of the slice.
/// Its data folder is moved aside first: a helper of a killed agent may live a moment longer, and must find nothing of a job that runs again by then.
/// </summary>
internal sealed class SliceReturns(HostPaths paths, SubIds ids, JobTurns turns)
{
    private int asked;

    /// <remarks>Asked again, an older call goes on to no other job: by what is answered to the newer one, a job may have another slice than the older knows.</remarks>
    public async Task<SliceReturn> Return(ImmutableArray<SliceOf> idle)
    {
        var mine = Interlocked.Increment(ref asked);
        var held = ImmutableArray.CreateBuilder<HeldSlice>();
        foreach (var slice in idle)
        {
            using var turn = await turns.TryReturn(slice.Job);
            if (mine != Volatile.Read(ref asked))
            {
                break;
            }

            if ((turn is null ? "it is being started" : await WhyHeld(slice)) is not { } what)
            {
                return new SliceReturn(slice, held.ToImmutable());
            }

            held.Add(new HeldSlice(slice.Job, what));
        }

        return new SliceReturn(null, held.ToImmutable());
    }

    // Null: it holds nothing any more.
    private async Task<string?> WhyHeld(SliceOf slice)
    {
        try
        {
            return Running(slice) ?? await Kept(slice) ?? await Empty(slice);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return e.Message;
        }
    }

    private string? Running(SliceOf slice) =>
        Proc.FirstOfUsers(IdSlices.OnHost(ids.FirstUid, slice.Slice), IdSlices.Size) is { } pid ? $"process {pid} of it has not ended" : null;

    private async Task<string?> Kept(SliceOf slice) => Holds(
        await AgentNamespace.Try(Scripts.Kept, [paths.Store(slice.Job), paths.Data(slice.Job), paths.Logs(slice.Job), .. Bounds(slice)]));

    private async Task<string?> Empty(SliceOf slice)
    {
        var (data, aside) = (paths.Data(slice.Job), paths.Returned(slice.Job));
        TakeGroup(paths.Logs(slice.Job));
        TakeGroup(paths.Job(slice.Job));
        if (Directory.Exists(aside) && await Take(slice) is { } left)
        {
            return left; // Of a killed agent.
        }

        if (Directory.Exists(paths.Store(slice.Job)))
        {
            Directory.Delete(paths.Store(slice.Job));
        }

        if (Directory.Exists(data))
        {
            Directory.Move(data, aside);
        }

        var held = await Take(slice);
        if (held is not null && Directory.Exists(aside))
        {
            Directory.Move(aside, data);
        }

        return held;
    }

    private async Task<string?> Take(SliceOf slice) => Holds(
        await AgentNamespace.TryWhileAlive(Scripts.Return, [paths.Returned(slice.Job), paths.Logs(slice.Job), .. Bounds(slice)]));

    // These folders are the agent's, and only their group is the job's. Done by the agent itself, so that it ends with it: the next may be starting the job.
    private static void TakeGroup(string path)
    {
        using var folder = Libc.Open(path, Libc.ReadOnly | Files.Directory | Files.NoFollow);
        if (folder.IsInvalid ? Marshal.GetLastPInvokeError() != Errno.ENOENT : Files.ChangeOwner(folder, uint.MaxValue, Credentials.EffectiveGroup()) != 0)
        {
            throw new IOException($"{path} cannot be made the agent's: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static string? Holds(CommandResult result) =>
        result is { Succeeded: true, Output: "" } ? null : result.Succeeded ? result.Output.Trim() : $"it cannot be given back: {result.Error.Trim()}";

    private static string[] Bounds(SliceOf slice)
    {
        var first = IdSlices.InAgent(slice.Slice);
        return [Text(first - 1), Text(first + IdSlices.Size)];
    }

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
