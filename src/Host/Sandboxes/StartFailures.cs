using System.ComponentModel;
using Fleet.Host.Linux;
using Fleet.Sandboxes;

namespace Fleet.Host.Sandboxes;

/// <summary>
/// What a start's exception says to the supervisor. Only what will be the same at the next try is lasting: a refusal, or a link or a permission on the way.
/// A full table of files, or an error of the disk, may be over in a moment.
/// </summary>
internal static class StartFailures
{
    public static StartFailure Of(Exception e, TimeSpan timeout, bool cancelled) => e switch
    {
        StartRefused refused => refused.Failure,
        OperationCanceledException when cancelled => new StartFailure(StartFailureCode.RuntimeFailed, "the start was cancelled"),
        OperationCanceledException => new StartFailure(StartFailureCode.RuntimeFailed, $"the start took longer than {Duration.Format(timeout)}"),
        _ => new StartFailure(Code(e), e.Message),
    };

    /// <summary>Whether nobody foresaw it, so that where it comes from must be written down.</summary>
    public static bool IsUnforeseen(Exception e) => e is not (StartRefused or OperationCanceledException);

    private static StartFailureCode Code(Exception e) => e switch
    {
        IOException { HResult: Errno.ENOSPC or Errno.EDQUOT } or Win32Exception { NativeErrorCode: Errno.ENOSPC or Errno.EDQUOT } => StartFailureCode.DiskFull,
        UnauthorizedAccessException or PathTooLongException or IOException { HResult: Errno.ELOOP or Errno.ENOTDIR or Errno.EEXIST or Errno.EISDIR } => StartFailureCode.FilesRefused,
        Win32Exception { NativeErrorCode: Errno.ELOOP or Errno.ENOTDIR } => StartFailureCode.FilesRefused,
        Win32Exception { NativeErrorCode: Errno.ENOENT or Errno.EACCES } or DllNotFoundException => StartFailureCode.RuntimeMissing,
        _ => StartFailureCode.RuntimeFailed,
    };
}
