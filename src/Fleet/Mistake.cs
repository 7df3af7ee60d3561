namespace Fleet;

/// <summary>One rule that an input breaks. Validators return all of them.</summary>
/// <param name="Path">Keys and indexes from the root, such as <c>processes[0].limits.memory</c>; empty for the whole.</param>
/// <param name="Message">Lower case: the rule, the value that broke it, the way out.</param>
public sealed record Mistake(string Path, string Message);
