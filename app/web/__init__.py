"""What every request needs: permissions, pages, forms, responses, errors, limits."""
