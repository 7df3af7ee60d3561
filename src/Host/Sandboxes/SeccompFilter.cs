using System.Runtime.InteropServices;
using Fleet.Host.Linux;
using Fleet.Hosts;
using Fleet.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// The system-call filter, compiled once per profile, architecture and version of libseccomp, and kept in the agent's folder: compiling it at each
/// start would cost more than the rest of the start.
/// </summary>
internal static partial class SeccompFilter
{
    private const uint OptimizeAttribute = 8, BinaryTree = 2;
    private const int MaskedEqual = 7;

    /// <summary>The specification's name of the architecture that this program runs on, the only one that a sandbox may use.</summary>
    public static string Architecture => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
        ? "SCMP_ARCH_AARCH64"
        : "SCMP_ARCH_X86_64";

    /// <returns>The filter's instructions in base64.</returns>
    /// <exception cref="DllNotFoundException">There is no libseccomp.so.2.</exception>
    public static string Load(HostPaths paths, ILogger log)
    {
        var file = paths.SeccompFilter(Digest.Of($"{SeccompProfile.Text}\n{Architecture}\n{Seccomp.Version()}"));
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            LogSkipped(log, Seccomp.Version(), string.Join(' ', Compile(file)));
        }

        return Convert.ToBase64String(File.ReadAllBytes(file));
    }

    /// <summary>Writes the filter's instructions to a file that only its owner can read.</summary>
    /// <returns>The system calls of the profile that libseccomp does not know on this architecture.</returns>
    public static string[] Compile(string file)
    {
        var filter = Seccomp.Init(Seccomp.ErrnoBase | SeccompProfile.Eperm);
        try
        {
            Check(Seccomp.SetAttribute(filter, OptimizeAttribute, BinaryTree), "optimise");
            var skipped = SeccompProfile.Rules.Where(rule => !TryAdd(filter, rule)).Select(rule => rule.Syscall).ToArray();
            Export(filter, file);
            return skipped;
        }
        finally
        {
            Seccomp.Release(filter);
        }
    }

    private static bool TryAdd(nint filter, SeccompRule rule)
    {
        var number = Seccomp.Resolve(rule.Syscall);
        if (number < 0)
        {
            return false;
        }

        var action = rule.Errno is { } errno ? Seccomp.ErrnoBase | (uint)errno : Seccomp.Allow;
        var comparisons = rule.Args.Select(a =>
            new Seccomp.Comparison { Argument = (uint)a.Index, Operator = MaskedEqual, DatumA = a.Mask, DatumB = a.Value }).ToArray();
        Check(Seccomp.AddRule(filter, action, number, (uint)comparisons.Length, comparisons), rule.Syscall);
        return true;
    }

    // Renamed into place: a filter half written by an agent that was killed must never be loaded.
    private static void Export(nint filter, string file)
    {
        var part = $"{file}.{Environment.ProcessId}.part";
        var create = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var stream = new FileStream(part, create))
        {
            Check(Seccomp.Export(filter, (int)stream.SafeFileHandle.DangerousGetHandle()), "export");
        }

        File.Move(part, file, overwrite: true);
    }

    private static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw new InvalidOperationException($"libseccomp refused {what}: errno {-result}");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "seccomp filter compiled; libseccomp {Version} does not know on this architecture: {Skipped}")]
    private static partial void LogSkipped(ILogger log, string version, string skipped);
}
