using System.Diagnostics;

namespace Fleet.RootHelper.Tests;

/// <summary>Programs of the machine, run to their end.</summary>
internal static class Tool
{
    public static string Run(string program, params string[] args) => Run([], program, args);

    public static string Run(byte[] input, string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', args)}: {error.Result}");
    }

    /// <summary>The repository's root helper, compiled ahead of time.</summary>
    public static string Helper { get; } = Find();

    private static string Find([System.Runtime.CompilerServices.CallerFilePath] string here = "")
    {
        var helper = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../artifacts/root-helper/fleet-root-helper"));
        return File.Exists(helper) ? helper : throw new InvalidOperationException($"{helper} is missing: run build/root-helper.sh");
    }
}
