"""YOLO's files, signed, that say something else than the tables."""

from pathlib import Path

import yaml

from orchestration.training_set.export.layout import YOLO
from tests.training_set.export.verifying.copies import document, lines
from tests.training_set.export.verifying.damage.table import forged, other_side, side_of

SCAN = "2A"
LABELS = f"{YOLO}/labels/{SCAN}.txt"


def _line(folder: Path, change) -> str:
    with lines(folder, LABELS) as found:
        found[0] = change(found[0])
    return LABELS


@forged("disagreement")
def a_box_moved_in_yolo(folder: Path) -> str:
    def moved(line: str) -> str:
        kind, x, *rest = line.split(" ")
        return " ".join([kind, str(float(x) + 0.001), *rest])

    return _line(folder, moved)


@forged("disagreement")
def another_class_in_yolo(folder: Path) -> str:
    return _line(folder, lambda line: f"0{line[1:]}")


@forged("format")
def a_line_of_words_in_yolo(folder: Path) -> str:
    return _line(folder, lambda _line: "a mass up there")


@forged("disagreement")
def no_number_in_yolo(folder: Path) -> str:
    return _line(folder, lambda line: f"{line.rpartition(' ')[0]} nan")


@forged("disagreement")
def a_box_left_out_of_yolo(folder: Path) -> str:
    with lines(folder, LABELS) as found:
        found.pop()
    return f"{LABELS} scan {SCAN}"


@forged("disagreement")
def a_box_twice_in_yolo(folder: Path) -> str:
    with lines(folder, LABELS) as found:
        found.append(found[0])
    return f"{LABELS} scan {SCAN}"


@forged("side")
def a_scan_moved_to_yolos_list_of_another_side(folder: Path) -> str:
    side = side_of(folder, SCAN)
    with lines(folder, f"{YOLO}/{side}.txt") as found:
        found.remove(f"./images/{SCAN}.png")
    with lines(folder, f"{YOLO}/{other_side(side)}.txt") as found:
        found.append(f"./images/{SCAN}.png")
    return f"{YOLO}/{other_side(side)}.txt scan {SCAN}"


@forged("disagreement")
def a_scan_left_out_of_yolos_lists(folder: Path) -> str:
    path = f"{YOLO}/{side_of(folder, SCAN)}.txt"
    with lines(folder, path) as found:
        found.remove(f"./images/{SCAN}.png")
    return f"{path} scan {SCAN}"


@forged("duplicate")
def a_scan_twice_in_yolos_list(folder: Path) -> str:
    path = f"{YOLO}/{side_of(folder, SCAN)}.txt"
    with lines(folder, path) as found:
        found.append(f"./images/{SCAN}.png")
    return f"{path} scan {SCAN}"


@forged("disagreement")
def a_hard_case_in_yolos_list(folder: Path) -> str:
    path = f"{YOLO}/{side_of(folder, 'hard one')}.txt"
    with lines(folder, path) as found:
        found.append("./images/hard one.png")
    return f"{path} scan hard one"


@forged("format")
def a_path_elsewhere_in_yolos_list(folder: Path) -> str:
    with lines(folder, f"{YOLO}/train.txt") as found:
        found.append("/etc/passwd")
    return f"{YOLO}/train.txt"


@forged("disagreement")
def classes_in_another_order_in_yolo(folder: Path) -> str:
    path = folder / YOLO / "data.yaml"
    data = yaml.safe_load(path.read_text())
    data["names"][0], data["names"][1] = data["names"][1], data["names"][0]
    path.write_text(yaml.safe_dump(data))
    return f"{YOLO}/data.yaml"


@forged("format")
def no_yaml_in_yolo(folder: Path) -> str:
    (folder / YOLO / "data.yaml").write_text("names: [")
    return f"{YOLO}/data.yaml"


@forged("format")
def yaml_a_thousand_lists_deep_in_yolo(folder: Path) -> str:
    (folder / YOLO / "data.yaml").write_text("[" * 3000 + "]" * 3000)
    return f"{YOLO}/data.yaml"


@forged("disagreement")
def yaml_that_unfolds_to_billions_in_yolo(folder: Path) -> str:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    (folder / YOLO / "data.yaml").write_text(f"a0: &a0 [x]\n{levels}\n")
    return f"{YOLO}/data.yaml"


@forged("disagreement")
def a_label_file_left_out_of_yolo(folder: Path) -> str:
    with document(folder, "generation.json") as content:
        content["files"] = [file for file in content["files"] if file["path"] != LABELS]
    (folder / LABELS).unlink()
    return LABELS


@forged("disagreement")
def a_label_file_of_a_hard_case_in_yolo(folder: Path) -> str:
    path = f"{YOLO}/labels/hard one.txt"
    (folder / path).touch()
    with document(folder, "generation.json") as content:
        content["files"].append({"path": path, "size_bytes": 0, "sha256": "0" * 64, "object": None})
    return path


@forged("format")
def no_text_in_yolo(folder: Path) -> str:
    (folder / LABELS).write_bytes(b"\xff\xfe")
    return LABELS
