using Fleet.Client.Cli;

// The shortest path first: nothing of the command line's library is touched for it.
return args is ["version" or "--version"] ? VersionText.Print() : await Entry.Run(args, (_, _) => HostProgram.Become());
