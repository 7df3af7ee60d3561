namespace Fleet.Host.Sandboxes;

/// <summary>
/// The few lines of shell between conmon and the runtime. Fixed text; what differs per run arrives as arguments and environment, never as text to be
/// read as a program.
/// </summary>
internal static class Scripts
{
    /// <summary>
    /// conmon's "runtime". It joins the leaf cgroup, so that everything it becomes is in it, and then enters a user namespace of all the agent's sub-ids:
    /// there the runtime may give the sandbox its slice. In the new cgroup namespace that leaf is the root: a runtime that wants to make cgroups (runc, which
    /// cannot be told not to) looks for its own at the top of the hierarchy, where the agent may make none.
    /// FLEET_LEAVES: the leaf's folders; FLEET_COVER: the second script; FLEET_RUNTIME: the runtime.
    /// </summary>
    public const string Join = """
        #!/bin/sh
        for leaf in $FLEET_LEAVES; do echo 0 > "$leaf/cgroup.procs" || exit 125; done
        exec unshare --map-auto --map-root-user --mount --cgroup -- "$FLEET_COVER" "$@"

        """;

    /// <summary>
    /// crun refuses a host whose cgroup2 beside v1 has a controller ("hybrid mode not supported"), though it is told to leave cgroups alone; so an empty
    /// file system covers that folder, in this mount namespace only. (The file's size says 0: it must be read.)
    /// FLEET_FOLDERS, one a line, are made where they are missing, by FLEET_UID: a link that the job planted leads its own user nowhere new.
    /// </summary>
    public const string Cover = """
        #!/bin/sh
        controllers=
        unified=/sys/fs/cgroup/unified
        if [ -r $unified/cgroup.controllers ]; then read -r controllers < $unified/cgroup.controllers; fi
        if [ -n "$controllers" ]; then mount -t tmpfs -o mode=755 none $unified || exit 125; fi
        IFS='
        '
        set -f
        for folder in $FLEET_FOLDERS; do
          [ -e "$folder" ] || setpriv --reuid "$FLEET_UID" --regid "$FLEET_GID" --clear-groups mkdir -m 0700 -p -- "$folder" || exit 125
        done
        unset IFS
        exec $FLEET_RUNTIME "$@"

        """;

    /// <summary>
    /// Starts conmon with the log files as its output, which the sandbox inherits, and with the pipe it answers on as descriptor 3. $1 and $2: the logs
    /// as descriptors of the agent, which opened them safely; the rest: conmon and its arguments.
    /// </summary>
    public const string Launch = """
        out=$1 err=$2; shift 2; exec 3>&1; exec "$@" </dev/null >>"$out" 2>>"$err"
        """;

    /// <summary>
    /// In the agent's user namespace: does what a runtime's start does at the end, reading from the fifo at which a created container waits, but takes it
    /// away first. $1: the container's folder. Its owner is the sandbox's root, and others may only write to it.
    /// </summary>
    public const string LetGo = """
        cd "$1" && mv exec.fifo going && head -c 1 going
        """;

    /// <summary>Inside a sandbox: what stands before a command until somebody writes <see cref="Go"/>. If nobody does, the command is not executed.</summary>
    public const string Gate = """
        read -r go && exec "$@" </dev/null
        """;

    public const string Go = "go\n";

    /// <summary>In the agent's user namespace: puts a process into cgroups in the name of the process's user. Arguments: USER, PID, FOLDERS.</summary>
    public const string Admit = """
        user=$1 pid=$2; shift 2
        for leaf in "$@"; do chown "$user" "$leaf/cgroup.procs" || exit; done
        exec setpriv --reuid "$user" --clear-groups sh -c 'for leaf; do echo "$0" > "$leaf/cgroup.procs" || exit; done' "$pid" "$@"
        """;

    /// <summary>Joins the leaf's cgroup for a command and becomes it. FLEET_LEAVES: the leaf's folders.</summary>
    public const string Exec = """
        for leaf in $FLEET_LEAVES; do echo 0 > "$leaf/cgroup.procs" || exit 125; done
        exec "$@"
        """;

    /// <summary>
    /// In the agent's user namespace: makes one file of a job the agent's. -h: of a link that the job puts in its place only the link itself. The owner alone
    /// may change a file's mode, and then does so by a descriptor (<see cref="Logs.ClosedLog"/>). $1: the file.
    /// </summary>
    public const string Take = """
        exec chown -h -- 0:0 "$1"
        """;

    /// <summary>What <see cref="Program"/> ends with, as a shell does.</summary>
    public const int NoProgram = 127, NotExecutable = 126;

    /// <summary>
    /// In a sandbox: whether a program, or the interpreter that its first line names, is not there or not executable. $1: the program; $2: the folder that
    /// it is started in; $3: where it is looked for if it is a mere name.
    /// </summary>
    public const string Program = """
        cd -- "$2" || exit 1
        case $1 in
          */*) program=$1 ;;
          *) program=$(PATH=$3 command -v -- "$1") || exit 127 ;;
        esac
        [ -e "$program" ] || exit 127
        [ -f "$program" ] && [ -x "$program" ] || exit 126
        line=$(head -c 256 -- "$program" 2>/dev/null | tr -d '\000' | head -n 1)
        case $line in
          '#!'*) set -f; set -- ${line#??}; [ -e "$1" ] || exit 127; [ -x "$1" ] || exit 126 ;;
        esac
        """;

    /// <summary>
    /// In the agent's user namespace: says the first thing that a stopped job keeps; nothing: it keeps nothing. Its own /tmp is nothing, nor are the logs
    /// that Fleet keeps. $1 to $3: its store, data and log folders, made or not; $4 and $5: the last id below its slice, and the first above.
    /// </summary>
    public const string Kept = """
        is() { [ -e "$1" ] || [ -L "$1" ]; }
        if is "$1"; then find "$1" -mindepth 1 -print -quit || exit 1; fi
        if is "$2"; then find "$2" -mindepth 1 -maxdepth 1 ! '(' -name tmp -type d ')' -print -quit || exit 1; fi
        if is "$3"; then
          find "$3" -mindepth 1 '(' -uid "+$4" -uid "-$5" -o -gid "+$4" -gid "-$5" ')' \
            ! '(' -type f -links 1 '(' -name '*.stdout.log' -o -name '*.stderr.log' ')' ')' -print -quit || exit 1
        fi
        """;

    /// <summary>
    /// In the agent's user namespace: takes from a slice what <see cref="Kept"/> counts as nothing, and says the first thing that its ids still own. $1: the
    /// data folder, moved aside; $2: the logs; $3 and $4: as above. What holds something is not removed: rmdir fails. Nothing of it harms a job that runs
    /// again by now, for it may outlive its agent for a moment: a log that becomes the agent's is written on.
    /// </summary>
    public const string Return = """
        if [ -d "$2" ]; then find "$2" -mindepth 1 -exec chown -h 0:0 {} + || exit 1; fi
        if [ -d "$1" ]; then rm -rf --one-file-system -- "$1/tmp" && rmdir -- "$1" || exit 1; fi
        if [ -d "$2" ]; then find "$2" '(' -uid "+$3" -uid "-$4" -o -gid "+$3" -gid "-$4" ')' -print -quit; fi
        """;

    /// <summary>The exit code of <see cref="Own"/> for a folder that cannot be given; any other is a trouble of the host.</summary>
    public const int Refused = 3;

    /// <summary>
    /// In the agent's user namespace: gives folders to the ids of a sandbox. Arguments in fours: OWNER, GROUP, MODE, PATH. Only for folders whose parents no
    /// job can write, for chmod follows links. The mode first: the owner tells that all is done. It ends with <see cref="Refused"/> if one cannot be given.
    /// </summary>
    public const string Own = """
        while [ $# -gt 0 ]; do chmod -- "$3" "$4" && chown -h -- "$1:$2" "$4" || exit 3; shift 4; done
        """;
}
