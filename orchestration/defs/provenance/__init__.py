"""Why a picture is there, and why another is not: questions that the page takes, and answers beside the assets."""
