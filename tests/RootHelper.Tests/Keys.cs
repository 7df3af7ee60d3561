using System.Collections.Concurrent;
using System.Text;
using Fleet.RootTasks;

namespace Fleet.RootHelper.Tests;

/// <summary>People's real SSH keys, made once for all tests.</summary>
public sealed class Keys : IDisposable
{
    // A FIDO token in software, by which OpenSSH tests itself. It needs no hand, and says that it was touched wherever the key's file asks for that.
    private static readonly string Token = Path.Combine(AppContext.BaseDirectory, "sk-dummy.so");

    private readonly ConcurrentDictionary<string, string> made = new();

    public static void NeedToken() => Skip.IfNot(File.Exists(Token), $"{Token} is missing: run build/install-deps.sh test");

    public string Folder { get; } = Directory.CreateTempSubdirectory("fleet-keys-").FullName;

    /// <summary>The type and the base64 of a person's public key.</summary>
    public string Public(string person, string type = "ed25519") => string.Join(' ', File.ReadAllText($"{Private(person, type)}.pub").Split(' ')[..2]);

    public PresentedSignature Sign(string person, string @namespace, byte[] bytes, string? claimed = null, string type = "ed25519") =>
        new(claimed ?? person, Tool.Run(bytes, "/usr/bin/env", $"SSH_SK_PROVIDER={Token}", "/usr/bin/ssh-keygen", "-Y", "sign", "-q", "-f", Private(person, type), "-n", @namespace));

    public string Line(string person, string options = "", string type = "ed25519") => $"{person} {options} {Public(person, type)}\n";

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    // Such as "ed25519-sk", and "ed25519-sk,no-touch-required".
    private static string[] Made(string type) => type.Split(',') switch
    {
        [var kind] when !kind.EndsWith("-sk", StringComparison.Ordinal) => ["-t", kind],
        [var kind, .. var options] => ["-t", kind, "-w", Token, .. options.SelectMany(option => (string[])["-O", option])],
        _ => throw new ArgumentException($"no key is made by '{type}'"),
    };

    private string Private(string person, string type) => made.GetOrAdd($"{person}-{type}", name =>
    {
        var path = Path.Combine(Folder, name);
        Tool.Run("/usr/bin/ssh-keygen", ["-q", .. Made(type), "-N", "", "-C", person, "-f", path]);
        return path;
    });
}
