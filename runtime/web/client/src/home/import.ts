// Recordings from a link: the service fetches them.
import { announce } from "../dom";
import { ApiProblem, send } from "../requests";

export async function importLink(field: HTMLInputElement, options: Record<string, unknown>): Promise<void> {
  const form = field.form;
  field.readOnly = true;
  try {
    await send("POST", "/data/imports", { url: field.value, options });
    announce("The recording is being fetched. It appears in the list.");
    form?.reset();
  } catch (error) {
    field.setCustomValidity(error instanceof ApiProblem ? error.message : "The link could not be sent.");
    field.reportValidity();
    field.addEventListener("input", () => field.setCustomValidity(""), { once: true });
  } finally {
    field.readOnly = false;
  }
}
