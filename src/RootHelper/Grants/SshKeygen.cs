using System.Collections.Immutable;
using System.Text;
using Fleet.Grants;
using Fleet.RootHelper.Linux;
using Fleet.RootTasks;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Grants;

/// <summary>
/// SSH signatures by OpenSSH's own program (ssh-keygen(1), -Y): it knows every kind of key, the validity of each and what it may sign. Everything is handed to
/// it by descriptor; nothing lies in a folder for the while.
/// </summary>
internal static class SshKeygen
{
    public const string Program = "/usr/bin/ssh-keygen";

    private const int LongestAnswer = 16 * 1024;

    private static readonly string[] Environment = ["PATH=/usr/bin:/bin", "LANG=C"];

    /// <summary>Verifies all at once, for each is a process.</summary>
    /// <param name="signers">allowed_signers, as it was read.</param>
    /// <exception cref="Denied">One of them is not good for these bytes, this principal and this namespace.</exception>
    public static ImmutableArray<GrantSignature> Verify(ReadOnlySpan<byte> signed, byte[] signers, IReadOnlyList<(PresentedSignature Signature, string Namespace)> signatures)
    {
        using var keys = Handed(signers);
        using var message = Handed(signed);
        var asked = signatures.Select(s => Ask(keys, message, s.Signature, s.Namespace)).ToList();
        try
        {
            return [.. asked.Select(a => a.Answer())];
        }
        finally
        {
            asked.ForEach(a => a.Dispose());
        }
    }

    /// <summary>Starts what will sign, once there is something: it has loaded itself and the key by then.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static Signing Sign(string key, string @namespace)
    {
        var output = LinuxException.Check(Libc.Memory("signature"), "make a file in memory");
        var (theirs, ours) = Sockets.Pipe();
        using var closing = theirs;
        return new Signing(key, ours, output, Child.Start([Program, "-Y", "sign", "-q", "-f", key, "-n", @namespace], Environment, "/", theirs, output, output));
    }

    /// <summary>A key without a passphrase.</summary>
    public static void MakeKey(string path, string comment)
    {
        using var output = LinuxException.Check(Libc.Memory("output"), "make a file in memory");
        using var child = Child.Start([Program, "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path], Environment, "/", null, output, output);
        if (child.Wait().Code != 0)
        {
            throw new IOException($"cannot make the key {path}: {Text(output)}");
        }
    }

    private static Question Ask(SafeFileHandle keys, SafeFileHandle message, PresentedSignature signature, string @namespace)
    {
        if (!GrantRules.IsName(signature.Principal))
        {
            throw new Denied(RootDenial.BadSignature, $"'{Ledger.EventText.Visible(signature.Principal)}' is not the name of a principal");
        }

        using var armored = Handed(Encoding.ASCII.GetBytes(signature.Armored));
        using var stdin = LinuxException.Check(Libc.Reopen(message, Libc.ReadOnly), "open a message");
        var output = Libc.Memory("answer");
        return new Question(signature, @namespace, output, Child.Start(
            [Program, "-Y", "verify", "-f", "/proc/self/fd/3", "-I", signature.Principal, "-n", @namespace, "-s", "/proc/self/fd/4"],
            Environment, "/", stdin, output, output, keys, armored));
    }

    private static SafeFileHandle Handed(ReadOnlySpan<byte> bytes)
    {
        var memory = LinuxException.Check(Libc.Memory("fleet"), "make a file in memory");
        RandomAccess.Write(memory, bytes, 0);
        return memory;
    }

    private static string Text(SafeFileHandle output)
    {
        var bytes = new byte[Math.Min(RandomAccess.GetLength(output), LongestAnswer)];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(output, bytes, 0)).Trim();
    }

    /// <summary>A signature to come. Where the helper is ended before, it signs nothing that anybody could read.</summary>
    public sealed record Signing(string Key, SafeFileHandle Input, SafeFileHandle Output, Child Child) : IDisposable
    {
        /// <summary>Call once.</summary>
        /// <exception cref="IOException">There is no such key, or it cannot sign.</exception>
        public string Of(ReadOnlySpan<byte> bytes)
        {
            using (Input)
            {
                LinuxException.Check(Libc.Write(Input, bytes, bytes.Length), "hand over what is to be signed");
            }

            var ended = Child.Wait();
            var text = Text(Output);
            return ended.Code == 0 ? text : throw new IOException($"cannot sign with {Key}: {text}");
        }

        public void Dispose()
        {
            Input.Dispose();
            Output.Dispose();
            Child.Dispose();
        }
    }

    private sealed record Question(PresentedSignature Signature, string Namespace, SafeFileHandle Output, Child Child) : IDisposable
    {
        public GrantSignature Answer()
        {
            var ended = Child.Wait();
            var text = Text(Output);
            var expected = $"Good \"{Namespace}\" signature for {Signature.Principal} with ";
            var key = text.LastIndexOf(" key ", StringComparison.Ordinal);
            if (ended.Code != 0 || !text.StartsWith(expected, StringComparison.Ordinal) || key < 0)
            {
                throw Bad($"is not good: {Reason(text)}");
            }

            var good = new GrantSignature(Signature.Principal, text[(key + " key ".Length)..], Signature.Armored);
            return SshSignature.Objection(good.Armored, good.Key) is { } objection ? throw Bad($"does not count: {objection}") : good;
        }

        public void Dispose()
        {
            Output.Dispose();
            Child.Dispose();
        }

        private Denied Bad(string why) => new(RootDenial.BadSignature, $"the signature of {Signature.Principal} in {Namespace} {why}");

        private static string Reason(string text) => text.Length == 0 ? "ssh-keygen says no" : Ledger.EventText.Visible(text.Replace('\n', ';'));
    }
}
