using System.Text.Json;
using Fleet.RootHelper.Linux;
using Microsoft.Win32.SafeHandles;

namespace Fleet.RootHelper.Jobs;

/// <summary>The one line by which a monitor says what it began, as conmon does (its _OCI_SYNCPIPE).</summary>
internal static class MonitorAnswer
{
    /// <summary>Up to its line feed: who holds the other end holds it for the container's whole life.</summary>
    public static string Read(SafeFileHandle pipe)
    {
        var (line, block) = (new MemoryStream(), new byte[4096]);
        for (nint count; (count = Libc.Read(pipe, block, block.Length)) > 0;)
        {
            line.Write(block, 0, (int)count);
            if (block.AsSpan(0, (int)count).Contains((byte)'\n'))
            {
                break;
            }
        }

        return System.Text.Encoding.UTF8.GetString(line.ToArray()).Trim();
    }

    /// <summary>{"pid": N} or {"data": N}; of a failure a number that is not positive, and perhaps a message.</summary>
    public static int? Pid(string line)
    {
        try
        {
            using var answer = JsonDocument.Parse(line);
            var number = answer.RootElement.TryGetProperty("pid", out var pid) || answer.RootElement.TryGetProperty("data", out pid) ? pid.GetInt32() : 0;
            return number > 0 ? number : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
