using System.Diagnostics;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.RootTasks;

/// <param name="Output">Bytes of both streams together.</param>
internal sealed record TaskLimits(TimeSpan Timeout, long Output);

/// <summary>How a task ended.</summary>
internal sealed record TaskEnd(ChildEnd Child, RootEnd How, OutputDigest Stdout, OutputDigest Stderr);

/// <summary>
/// A task while it runs: passes on what it writes, and ends all of it at its deadline, at its output limit, or when who asked says so or is gone. One thread
/// that waits for whatever comes first.
/// </summary>
/// <param name="isRevoked">Whether its grant has been revoked.</param>
/// <param name="firstProcess">Where what is started waits for more than the task's first process: that process's pid, once there is one.</param>
internal sealed class TaskRun(Connection client, Cgroup group, TaskLimits limits, Func<bool> isRevoked, Func<int?>? firstProcess)
{
    // What a task that has ended may leave behind holds its output open; it is dead, and this is how long its last words may take.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2), SlowListener = TimeSpan.FromSeconds(10);

    // Between two looks whether the first process is there.
    private static readonly TimeSpan ALittle = TimeSpan.FromMilliseconds(10);

    private static readonly TimeSpan AWhile = TimeSpan.FromMilliseconds(200);

    private const int Killed = 128 + Libc.Sigkill;

    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly byte[] block = new byte[32 * 1024];
    private RootEnd? how;
    private bool clientGone;
    private long left = limits.Output;
    private SafeFileHandle? first;
    private bool firstEnded;

    /// <param name="start">Starts it with its two outputs; called once.</param>
    public TaskEnd Run(Func<SafeFileHandle, SafeFileHandle, Child> start)
    {
        using var stdout = new Output(RootFrame.Stdout);
        using var stderr = new Output(RootFrame.Stderr);
        using var child = group.Start(() => start(stdout.Begin(), stderr.Begin()));
        stdout.Started();
        stderr.Started();
        if (isRevoked())
        {
            End(RootEnd.Revoked);
        }

        while (!Step(child, stdout, stderr))
        {
        }

        group.Kill();
        Drain(stdout, stderr);
        first?.Dispose();
        var end = child.Wait();

        // Ended by nobody here, and yet killed: by who revoked it.
        return new TaskEnd(end, how ?? (end.Code == Killed && isRevoked() ? RootEnd.Revoked : RootEnd.Exited), stdout.End(), stderr.End());
    }

    /// <returns>Whether the child has ended.</returns>
    private bool Step(Child child, Output stdout, Output stderr)
    {
        Span<Waiting> on =
        [
            Waiting.On(child.Ended, Sockets.In),
            Waiting.On(clientGone ? null : client.Socket, client.IsFull ? (short)(Sockets.In | Sockets.Out) : Sockets.In),
            Waiting.On(client.IsFull ? null : stdout.Pipe, Sockets.In),
            Waiting.On(client.IsFull ? null : stderr.Pipe, Sockets.In),
            Waiting.On(firstEnded ? null : first, Sockets.In),
        ];
        Sockets.Wait(on, Milliseconds(Patience()));
        FollowFirst(on[4].Ready != 0, child);
        if (on[1].Ready != 0)
        {
            HearClient();
        }

        Take(on[2], stdout);
        Take(on[3], stderr);
        if (clock.Elapsed >= limits.Timeout)
        {
            End(RootEnd.Timeout);
        }

        if (how is not null)
        {
            group.Kill();
        }

        return on[0].Ready != 0;
    }

    // One that has been ended and is not gone yet, such as one that waits for a disk, is ended again and again, but not without a pause.
    private TimeSpan Patience()
    {
        var rest = how is null ? limits.Timeout - clock.Elapsed : AWhile;
        return firstProcess is null || first is not null || rest < ALittle ? rest : ALittle;
    }

    // When the first process has ended the task has: what it left behind is ended, and then the runtime tells the code of the first.
    private void FollowFirst(bool ended, Child child)
    {
        if (ended)
        {
            firstEnded = true;
            group.Kill(but: child.Pid);
        }

        if (!firstEnded && first is null && firstProcess?.Invoke() is { } pid)
        {
            first = Libc.PidfdOpen(pid);
            FollowFirst(first.IsInvalid, child);
        }
    }

    private void HearClient()
    {
        client.Flush();
        if (client.WantsEnd())
        {
            clientGone = true;
            End(RootEnd.Cancelled);
        }
    }

    private void Take(Waiting pipe, Output output)
    {
        if (pipe.Ready == 0 || output.Read(block) is not { Length: > 0 } bytes)
        {
            return;
        }

        if (!clientGone && left > 0)
        {
            client.Offer(output.Frame, bytes[..(int)Math.Min(left, bytes.Length)]);
        }

        left -= bytes.Length;
        if (left < 0)
        {
            End(RootEnd.OutputLimit);
        }
    }

    // What was written before the end is counted and passed on too; for a listener that is slow a while longer, for nobody else is kept by it.
    private void Drain(Output stdout, Output stderr)
    {
        for (var waited = Stopwatch.StartNew(); (stdout.Pipe ?? stderr.Pipe) is not null && waited.Elapsed < (client.IsFull ? SlowListener : LastWords);)
        {
            Span<Waiting> on =
            [
                Waiting.On(client.IsFull ? client.Socket : null, Sockets.Out),
                Waiting.On(client.IsFull ? null : stdout.Pipe, Sockets.In),
                Waiting.On(client.IsFull ? null : stderr.Pipe, Sockets.In),
            ];
            Sockets.Wait(on, Milliseconds((client.IsFull ? SlowListener : LastWords) - waited.Elapsed));
            client.Flush();
            Take(on[1], stdout);
            Take(on[2], stderr);
        }
    }

    // The first reason is the reason.
    private void End(RootEnd why)
    {
        if (how is null)
        {
            how = why;
            group.Kill();
        }
    }

    private static int Milliseconds(TimeSpan span) => (int)Math.Clamp(span.TotalMilliseconds + 1, 0, int.MaxValue);

    /// <summary>One of the two streams that a task writes.</summary>
    private sealed class Output(RootFrame frame) : IDisposable
    {
        private readonly Sha256 hash = new();
        private SafeFileHandle? ours, theirs;
        private long bytes;

        public RootFrame Frame => frame;

        /// <summary>Null: it is at its end.</summary>
        public SafeFileHandle? Pipe => ours;

        public SafeFileHandle Begin()
        {
            (ours, theirs) = Sockets.Pipe();
            return theirs;
        }

        /// <summary>The task has its end now; with ours open too there would be no end.</summary>
        public void Started() => theirs!.Dispose();

        public ReadOnlySpan<byte> Read(byte[] block)
        {
            var count = Libc.Read(ours!, block, block.Length);
            if (count <= 0)
            {
                ours!.Dispose();
                ours = null;
                return [];
            }

            hash.Append(block.AsSpan(0, (int)count));
            bytes += count;
            return block.AsSpan(0, (int)count);
        }

        public OutputDigest End() => new(bytes, Digest.Of(hash));

        public void Dispose() => ours?.Dispose();
    }
}
