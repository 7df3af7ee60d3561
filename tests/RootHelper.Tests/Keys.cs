using System.Collections.Concurrent;
using System.Text;
using Fleet.RootTasks;

namespace Fleet.RootHelper.Tests;

/// <summary>People's real SSH keys, made once for all tests.</summary>
public sealed class Keys : IDisposable
{
    private readonly ConcurrentDictionary<string, string> made = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("fleet-keys-").FullName;

    /// <summary>The type and the base64 of a person's public key.</summary>
    public string Public(string person, string type = "ed25519") => string.Join(' ', File.ReadAllText($"{Private(person, type)}.pub").Split(' ')[..2]);

    public PresentedSignature Sign(string person, string @namespace, byte[] bytes, string? claimed = null, string type = "ed25519") =>
        new(claimed ?? person, Tool.Run(bytes, "/usr/bin/ssh-keygen", "-Y", "sign", "-q", "-f", Private(person, type), "-n", @namespace));

    public string Line(string person, string options = "", string type = "ed25519") => $"{person} {options} {Public(person, type)}\n";

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string Private(string person, string type) => made.GetOrAdd($"{person}-{type}", name =>
    {
        var path = Path.Combine(Folder, name);
        Tool.Run("/usr/bin/ssh-keygen", "-q", "-t", type, "-N", "", "-C", person, "-f", path);
        return path;
    });
}
